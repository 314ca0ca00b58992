// A process that fills a journal, consumes it and commits its cursor, until a crash point or its
// parent ends it. It tells on standard output what has been acknowledged and committed.
import { writeSync } from "node:fs";
import { crashPointFrom } from "../../broker/journal/crash-points.ts";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import { consumerJournal } from "./consumer-journal.ts";

const [directory = "", crashPoint] = process.argv.slice(2);
const standardOutput = 1;

/** Synchronous, so that it has left before the next step can end this process. */
function tell(what: "acked" | "committed", offset: number): void {
  writeSync(standardOutput, `${what} ${offset}\n`);
}

const journal = await openFileJournal({
  ...consumerJournal,
  directory,
  crashPoint: crashPointFrom(crashPoint),
});
let nextOffset = journal.cursor("consumer") ?? journal.firstOffset;
for (;;) {
  const appended = Array.from({ length: 50 }, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = { kind: "publish", principal: "k.d", topicName: "t/d", qos: 1 } as const;
    journal.append({ ...entry, payload: Buffer.alloc(100, 48) }, (error, offset) => {
      if (error !== null) return reject(error);
      tell("acked", offset);
      resolve();
    });
    return promise;
  });
  await Promise.all(appended);
  const batch = await journal.read(nextOffset, { entriesMax: 1_000, bytesMax: 1_000_000 });
  if (batch.entries[0]?.offset !== nextOffset) throw new Error(`nothing stands at ${nextOffset}`);
  await journal.commitCursor("consumer", batch.nextOffset);
  ({ nextOffset } = batch);
  tell("committed", nextOffset);
}
