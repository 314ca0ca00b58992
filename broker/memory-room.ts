const mebibyte = 2 ** 20;
/**
 * What a process under load takes beside its clients: 174 to 218 MB at 1,000 readings a second
 * under a cap of 256, where page cache needs some too (`tests/system/memory-cap.ts`, 2026-12-01).
 */
const ownBytes = 232 * mebibyte;
/** Silent ones took 10 to 16 KB each; those that send have buffers. */
const connectionBytes = 24 * 1024;
/** With less room than this the kernel ends the process in any case: it may as well serve. */
const connectionsMin = 64;

/**
 * How many MQTT connections this much memory allows, or `Infinity` where nobody sets a limit. A
 * process that takes more clients than its control group has room for is ended by the kernel, and
 * then nobody is served.
 * @param limitBytes by default that of the process's control group
 */
export function connectionsInMemory(limitBytes: number = process.constrainedMemory()): number {
  // Without a limit Node answers 0, or a number that no machine has.
  if (limitBytes === 0 || limitBytes >= Number.MAX_SAFE_INTEGER) return Infinity;
  return Math.max(connectionsMin, Math.floor((limitBytes - ownBytes) / connectionBytes));
}
