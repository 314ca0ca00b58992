import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { journalDirectory } from "../../broker/index.ts";
import type { Scope } from "../support/nadi-process.ts";

/** Readings in a journal that nobody has consumed, of the first devices of each kitchen. */
export interface Backlog {
  /** The journal's own. */
  directory: string;
  entries: number;
  kitchens: number;
  /** Of each kitchen; 1 if left out. */
  devices?: number;
  /** Sensors of each device. */
  channels: number;
  /** The rate at which it arrived, as its received times say. */
  perSecond: number;
}

export interface PrefillReply {
  bytesOnDisk: number;
}

/** Fills the journal of a data folder in a process that then ends by `kill -9`. */
export async function prefill(
  scope: Scope,
  dataDir: string,
  backlog: Omit<Backlog, "directory">,
): Promise<PrefillReply> {
  const what: Backlog = { ...backlog, directory: journalDirectory(dataDir) };
  const file = path.join(import.meta.dirname, "path-prefill.ts");
  const child = fork(file, [JSON.stringify(what)], { execArgv: [] });
  const exited = once(child, "exit");
  scope.onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const ended = exited.then(() => Promise.reject(new Error("the journal could not be filled")));
  const [reply] = (await Promise.race([once(child, "message"), ended])) as [PrefillReply];
  // Expected from here on.
  ended.catch(() => undefined);
  child.kill("SIGKILL");
  await exited;
  return reply;
}
