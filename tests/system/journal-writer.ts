// A process that appends until it is stopped, and says on stdout what was acknowledged.
import { openFileJournal } from "../../broker/journal/file-journal.ts";

const [directory = ""] = process.argv.slice(2);
const journal = await openFileJournal({
  directory,
  segmentBytesMax: 2 * 1024 * 1024,
  journalBytesMax: 40 * 1024 * 1024,
  freeBytesMin: 0,
  reserveBytes: 1024 * 1024,
});
const inFlight = 64;
let count = 0;

function send(): void {
  const text = `entry-${process.pid}-${++count}`;
  const entry = {
    kind: "publish",
    principal: "sppg-jakarta-001.probe-1",
    topicName: "sppg/sppg-jakarta-001/telemetry/probe-1/temperature",
    payload: Buffer.from(text),
    qos: 1,
  } as const;
  journal.append(entry, (error, offset) => {
    if (error !== null) throw error;
    process.stdout.write(`${offset} ${text}\n`);
    send();
  });
}

for (let index = 0; index < inFlight; index++) send();
