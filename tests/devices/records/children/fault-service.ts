import { recordsError } from "../../../../devices/records/errors.ts";

export interface FaultService {
  echo(value: unknown): Promise<unknown>;
  failWithCode(): Promise<never>;
  failPlainly(): Promise<never>;
  hang(): Promise<never>;
  /** Stands still, as node:sqlite does while another process holds its lock. */
  block(ms: number): Promise<void>;
  /** Ends the worker's thread, as a fault of ours would. */
  die(): Promise<never>;
}

export function createService(): FaultService {
  return {
    echo: async (value) => value,
    async failWithCode() {
      throw recordsError("RECORDS_DISK_FULL", { message: "full", facts: { path: "x" } });
    },
    async failPlainly() {
      throw new TypeError("a fault of ours");
    },
    hang: () => Promise.withResolvers<never>().promise,
    async block(ms) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    },
    async die() {
      process.exit(3);
    },
  };
}
