import { once } from "node:events";
import { eventually } from "./kitchen.ts";
import type { NadiChild } from "./nadi-process.ts";

/** For a process whose garbage will be collected by `collectGarbage`. */
export const inspectable = { NODE_OPTIONS: "--inspect=127.0.0.1:0" } as const;

const withinMs = 20_000;

/** All of the main thread's, now: what its heap has in use then is what is held. */
export async function collectGarbage({ stderr }: Pick<NadiChild, "stderr">): Promise<void> {
  const said = () => Promise.resolve(/^Debugger listening on (ws:\S+)$/m.exec(stderr()));
  const [, address = ""] = (await eventually(said, (found) => found !== null, withinMs)) ?? [];
  const inspector = new WebSocket(address);
  try {
    await once(inspector, "open");
    const answered = once(inspector, "message");
    inspector.send(JSON.stringify({ id: 1, method: "HeapProfiler.collectGarbage" }));
    // Text, as the protocol has it.
    const [{ data }] = (await answered) as [{ data: string }];
    const { error } = JSON.parse(data) as { error?: { message: string } };
    if (error !== undefined) throw new Error(`no garbage was collected: ${error.message}`);
  } finally {
    inspector.close();
  }
}
