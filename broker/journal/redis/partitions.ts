import { crc32 } from "node:zlib";

/**
 * Which partition holds a kitchen: the same in every process and version, or one kitchen's readings
 * would stand in two orders.
 * @returns 0 to `partitions` - 1
 */
export function partitionOf(sppgId: string, partitions: number): number {
  return crc32(sppgId) % partitions;
}

/** The kitchen of `{sppgId}.{deviceId}`: an sppgId has no dot. */
export function kitchenOfPrincipal(principal: string): string {
  const end = principal.indexOf(".");
  return end === -1 ? principal : principal.slice(0, end);
}
