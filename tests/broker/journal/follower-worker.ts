import { parentPort, workerData } from "node:worker_threads";
import type { JournalAnnouncement } from "../../../broker/journal/announcement.ts";
import { openJournalFollower } from "../../../broker/journal/follower.ts";

/** What the thread answers after each read. */
export interface FollowerReport {
  texts: string[];
  nextOffset: number;
  damage: number;
}

// Handed over by the test alone.
const { directory } = workerData as { directory: string };
let damage = 0;
const follower = openJournalFollower({
  directory,
  onDamage: (found) => {
    damage += found.records;
  },
});
let nextOffset = 1;
const port = parentPort;

port?.on("message", (announced: JournalAnnouncement) => {
  follower.read(nextOffset, announced, { entriesMax: 1_000, bytesMax: 1_000_000 }).then(
    (batch) => {
      // Reads queue behind each other: one that was asked from an old place repeats nothing.
      const entries = batch.entries.filter((entry) => entry.offset >= nextOffset);
      nextOffset = Math.max(nextOffset, batch.nextOffset);
      const texts = entries.map((it) =>
        it.kind === "publish" ? Buffer.from(it.payload).toString() : it.kind,
      );
      port?.postMessage({ texts, nextOffset, damage } satisfies FollowerReport);
      return null;
    },
    (error: unknown) => {
      throw error;
    },
  );
});
