import type { JournaledReading } from "../decode/decoded.ts";
import { eventTimeMsMax } from "./files.ts";

/** Why no store could take it, or `null`. */
export function findFault(reading: JournaledReading): string | null {
  const { eventTimeMs, originalTimeMs, seq, offset, index } = reading;
  if (!(Number.isInteger(eventTimeMs) && eventTimeMs >= 0 && eventTimeMs <= eventTimeMsMax)) {
    return `Its time is ${eventTimeMs}: not ms between 1970 and the year 9999.`;
  }
  const places = [originalTimeMs ?? 0, seq ?? 0, offset, index];
  if (!places.every(Number.isSafeInteger)) return `Its place is no integer: ${places.join(", ")}.`;
  for (const field in reading.fields) {
    const value = reading.fields[field];
    if (!Number.isFinite(value)) return `Its ${field} is ${value}: not a number to store.`;
  }
  return null;
}
