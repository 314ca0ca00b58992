import { startLoad, type Load } from "./load.ts";
import type { LoadReply, LoadRequest } from "./process.ts";

let load: Load | undefined;

async function answer(request: LoadRequest): Promise<unknown> {
  if (request.kind === "start") {
    load = await startLoad(request.options);
    return undefined;
  }
  if (load === undefined) throw new Error("the load has not been started");
  switch (request.kind) {
    case "stats":
      return load.stats();
    case "acked":
      return load.acked();
    case "measure":
      return load.measure();
    case "pace":
      return load.pace(request.pace);
    case "finished":
      return load.finished;
    case "stop":
      return load.stop(request);
    default:
      return request satisfies never;
  }
}

async function reply(number: number, request: LoadRequest): Promise<void> {
  const message: LoadReply = { number };
  try {
    message.value = await answer(request);
  } catch (error) {
    const { message: text, code } = error as Error & { code?: string };
    message.error = { message: text, ...(code === undefined ? {} : { code }) };
  }
  process.send?.(message);
}

process.on("message", ({ number, request }: { number: number; request: LoadRequest }) => {
  void reply(number, request);
});
// The parent is gone: nobody will ask for the result.
process.on("disconnect", () => process.exit());
