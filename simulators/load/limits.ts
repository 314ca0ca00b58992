import { SimulatorsError } from "../errors.ts";
import type { LoadOptions } from "./load.ts";
import { messageIdCount } from "./packets.ts";

/** Files that a process has open beside its sockets: standard streams, event loop, a log. */
const otherFiles = 64;

/** How many files this process may open, or `Infinity` where the system does not say. */
export function openFilesMax(): number {
  const report: unknown = process.report.getReport();
  const limits = (report as { userLimits?: { open_files?: { soft?: unknown } } }).userLimits;
  const soft = limits?.open_files?.soft;
  return typeof soft === "number" ? soft : Infinity;
}

/** Refuses what this process can't hold before the first socket is opened. */
export function assertOpenFiles(connections: number, filesMax: number = openFilesMax()): void {
  const needed = connections + otherFiles;
  if (needed <= filesMax) return;
  throw new SimulatorsError(
    "SIMULATORS_OPEN_FILES_LIMIT",
    `${connections} connections need ${needed} open files, this process may open ${filesMax}: ` +
      `run "ulimit -n ${needed}" first (for the broker too), or ask for fewer connections`,
  );
}

export function assertLoadOptions(options: LoadOptions): void {
  const { devices, window = 1, pace, messagesPerDevice = 1 } = options;
  const refuse = (expectation: string): never => {
    throw new SimulatorsError("SIMULATORS_OPTION_INVALID", expectation);
  };
  if (devices.length === 0) refuse("devices: at least one is needed");
  if (new Set(devices.map(({ clientId }) => clientId)).size < devices.length) {
    refuse("devices: two of them have the same client id, and the broker would end one");
  }
  if (!isCount(window) || window > messageIdCount) {
    refuse(`window: ${window} is not a whole number from 1 to ${messageIdCount}`);
  }
  if (!isCount(messagesPerDevice)) {
    refuse(`messagesPerDevice: ${messagesPerDevice} is not a whole number above 0`);
  }
  if (pace.kind === "rate" && !(pace.perSecond > 0)) {
    refuse(`pace.perSecond: ${pace.perSecond} is not above 0`);
  }
  assertOpenFiles(devices.length);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
