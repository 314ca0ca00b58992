import { once } from "node:events";
import { type MessagePort, parentPort } from "node:worker_threads";
import { callRecords } from "../../../../devices/records/call-records.ts";
import { CodedError } from "../../../../devices/records/errors.ts";
import type { Registry } from "../../../../devices/registry/registry.ts";
import type { FaultService } from "./fault-service.ts";

/** What the test asks this thread to call, `times` at once. */
export interface CallerOrder {
  service: "registry" | "fault";
  method: string;
  args: unknown[];
  times: number;
}

/** How each call ended: its value, or what the error kept. */
export type CallerOutcome =
  | { value: unknown }
  | { code: string; status: number; retryable: boolean; facts: object };

// A thread of its own, as the ingest worker is: it gets its port first and then its orders.
if (parentPort === null) throw new Error("caller.ts is a worker");
const main = parentPort;
const [port] = (await once(main, "message")) as [MessagePort];
const records = callRecords<{ registry: Registry; fault: FaultService }>(port);

main.on("message", (order: CallerOrder | "close") => {
  if (order === "close") {
    records.close();
    main.close();
    return;
  }
  void run(order);
});
main.postMessage("ready", []);

async function run({ service, method, args, times }: CallerOrder): Promise<void> {
  const methods = records.services[service] as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  const calls = Array.from({ length: times }, () => outcomeOf(methods[method]?.(...args)));
  const outcomes = await Promise.all(calls);
  main.postMessage({ outcomes, pendingCalls: records.pendingCalls }, []);
}

async function outcomeOf(call: Promise<unknown> | undefined): Promise<CallerOutcome> {
  try {
    return { value: await call };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, status, retryable, facts } = error;
    return { code, status, retryable, facts };
  }
}
