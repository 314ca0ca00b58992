import { flagBits } from "../../ingest/index.ts";
import type { ColdStore } from "./cold-store.ts";
import { celsiusAt, isBad, timeAt } from "./cold-store-signal.ts";
import type { SenderLog } from "./store-contents.ts";

/**
 * What the cold stores and the load have sent, so that a stored row can be judged by itself.
 * @param isClockStepped whether the load's times may have been doubted: they are the true clock's
 */
export function senderLog(
  stores: readonly ColdStore[],
  acked: SenderLog["acked"],
  { isClockStepped = false } = {},
): SenderLog {
  const signals = new Map(stores.map(({ device, signal }) => [device.clientId, signal]));
  return {
    acked,
    isBad: (clientId, seq) => signals.has(clientId) && isBad(seq),
    isRight({ clientId, seq, t, value, flags }) {
      const signal = signals.get(clientId);
      // As the load makes it; its times are the clock's.
      if (signal === undefined) {
        const isPlain = flags === 0 || (isClockStepped && flags === flagBits.clockSuspect);
        return isPlain && value === (700 + (seq % 50)) / 10;
      }
      if (flags !== 0) return false;
      return !isBad(seq) && t === timeAt(signal, seq) && value === celsiusAt(signal, seq);
    },
  };
}
