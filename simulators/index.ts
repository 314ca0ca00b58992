export { SimulatorsError, simulatorsErrors } from "./errors.ts";
export { anonymousDevices, readCredentials } from "./load/credentials.ts";
export { createHistogram } from "./load/histogram.ts";
export { assertOpenFiles, openFilesMax } from "./load/limits.ts";
export { loadDefaults, startLoad } from "./load/load.ts";
export { startLoadProcess } from "./load/process.ts";

export type { SimulatorsErrorCode } from "./errors.ts";
export type { AckedDevice } from "./load/connection.ts";
export type { LatencyHistogram, LatencySummary } from "./load/histogram.ts";
export type { Load, LoadOptions, LoadPace } from "./load/load.ts";
export type { LoadStats } from "./load/meter.ts";
export type { LoadDevice } from "./load/packets.ts";
export type { LoadProcess } from "./load/process.ts";
export type { SeqRange } from "./load/send-window.ts";
