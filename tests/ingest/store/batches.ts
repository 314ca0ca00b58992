import type { JournaledReading } from "../../../ingest/decode/decoded.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { dayMs, readingAt, startMs, suspectAt } from "./readings.ts";

const rowsOfBatch = 400;

/** The same readings for the same seed and number: live, late, doubtful and without a time. */
export function batchOf(seed: number, batch: number): JournaledReading[] {
  const random = seededRandom(seed * 1_000_003 + batch);
  const receivedTimeMs = startMs + batch * 7_000;
  return Array.from({ length: rowsOfBatch }, (_, index) => {
    const offset = 1 + batch * rowsOfBatch + index;
    const common = {
      deviceId: `probe-${Math.floor(random() * 8)}`,
      offset,
      receivedTimeMs,
      fields: { celsius: Math.floor(random() * 400) / 4 },
    };
    const kind = random();
    const liveMs = receivedTimeMs - Math.floor(random() * 4_000);
    if (kind < 0.7) return readingAt(liveMs, { ...common, seq: offset });
    const lateMs = receivedTimeMs - Math.floor(random() * 3 * dayMs);
    if (kind < 0.9) return readingAt(lateMs, { ...common, seq: offset });
    if (kind < 0.95) return readingAt(receivedTimeMs, { ...common, originalTimeMs: null });
    return suspectAt(receivedTimeMs, offset * 1_000, common);
  });
}
