import type { ServeParts } from "../devices/index.ts";
import { type Broker, type BrokerOptions, createBroker } from "./broker.ts";
import type { FileJournal } from "./journal/file-journal.ts";
import { Timekeeper } from "./timekeeper.ts";

export type ServeBrokerOptions = Omit<BrokerOptions, "log" | "isConformance"> & {
  /** Whose time the broker keeps: its own journal's, as nobody else appends to it. */
  journal: FileJournal;
};

/** The broker of a running service; it listens when this resolves. */
export async function serveBroker(
  options: ServeBrokerOptions,
  { log: parentLog, stack }: ServeParts,
): Promise<Broker> {
  const log = parentLog.child({ component: "broker" });
  const { journal, logins } = options;
  const broker = createBroker({ ...options, log });
  const timekeeper = new Timekeeper({ journal, source: logins, log });
  timekeeper.start();
  stack.push(() => timekeeper.stop());
  stack.push(() => broker.stop());
  await broker.start();
  return broker;
}
