import { telemetryTopic } from "../../devices/index.ts";
import { failureBytesMax, type JournaledReading } from "../decode/decoded.ts";
import type { IngestErrorCode } from "../errors.ts";
import type { Effect } from "../monitor/monitor.ts";
import type { WriteOutcome } from "../store/store.ts";

const reason: IngestErrorCode = "INGEST_STORE_REJECTED";
/** Of the ring that the desk keeps for each device. */
const slots = 200;

/**
 * Readings that the store will never take, as dead letters. They are the recorder's and not the
 * monitor's, which counts a device's letters: the slot comes from the offset, so that a replay
 * writes the same one again, and their number stays 1.
 */
export function rejectedLetters(rejected: WriteOutcome["rejected"]): Effect[] {
  return rejected.map(({ reading, detail }) => {
    const { offset, receivedTimeMs } = reading;
    const letter = { ...describe(reading), reason, detail: detail.slice(0, 200) };
    return { kind: "deadLetter", offset, receivedTimeMs, letter, slot: offset % slots, total: 1 };
  });
}

/** The payload is gone by now: what was made of it stands for it. */
function describe(reading: JournaledReading) {
  const { sppgId, deviceId, receivedTimeMs, offset, index, fields } = reading;
  const bytes = new TextEncoder().encode(JSON.stringify(fields));
  return {
    sppgId,
    deviceId,
    topicName: telemetryTopic({ sppgId, deviceId }, reading.reading),
    firstBytes: bytes.slice(0, failureBytesMax),
    payloadBytes: bytes.length,
    receivedTimeMs,
    offset,
    index,
  };
}
