import { type Run, startRun } from "../play/run.ts";
import type { DemoReply, DemoRequest } from "./demo.ts";

let run: Run | undefined;

/** Enough for a broker on this machine; the parent kills us a little later. */
const drainMs = 500;

async function answer(request: DemoRequest): Promise<unknown> {
  switch (request.kind) {
    case "start":
      run = startRun(request.options);
      return undefined;
    case "stats":
      return run?.stats();
    case "stop":
      await run?.stop(drainMs);
      return process.exit();
    default:
      return request satisfies never;
  }
}

async function reply(number: number, request: DemoRequest): Promise<void> {
  const message: DemoReply = { number };
  try {
    message.value = await answer(request);
  } catch (error) {
    message.error = { message: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(message);
}

process.on("message", ({ number, request }: { number: number; request: DemoRequest }) => {
  void reply(number, request);
});
// The parent is gone: nobody watches.
process.on("disconnect", () => process.exit());
// Ctrl-C, and some supervisors, reach the whole group: the parent tells us when to end.
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => undefined);
