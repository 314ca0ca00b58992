import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import type { JournalEntry } from "../../broker/journal/journal.ts";
import { type FileJournal, openFileJournal } from "../../broker/journal/file-journal.ts";
import { createTestBroker } from "../support/broker.ts";
import { packets } from "../support/mqtt-wire.ts";

function createDirectory(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "nadi-edge-"));
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "journal");
}

/** Small enough for any machine: the reserve and the floor are the journal's own tests. */
function openSmall(directory: string): Promise<FileJournal> {
  return openFileJournal({ directory, freeBytesMin: 0, reserveBytes: 65_536 });
}

async function readAll(journal: FileJournal): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let from = journal.firstOffset; from <= journal.syncedOffset; ) {
    const batch = await journal.read(from, { entriesMax: 1_000, bytesMax: 1_000_000 });
    entries.push(...batch.entries);
    from = batch.nextOffset;
  }
  return entries;
}

test("what devices got acknowledged is in the file journal, each in its own order", async (t) => {
  const directory = createDirectory(t);
  const journal = await openSmall(directory);
  const made = await createTestBroker(t, { journal });
  const deviceIds = Array.from({ length: 20 }, (_, index) => `probe-${index}`);
  // The last one is of QoS 2: QoS 0 promises nothing to those who do not wait.
  const count = 299;
  await Promise.all(
    deviceIds.map(async (deviceId) => {
      const client = await made.signIn(made.logins.add("sppg-a", deviceId));
      const topicName = `sppg/sppg-a/telemetry/${deviceId}/temperature`;
      for (let messageId = 1; messageId <= count; messageId++) {
        const qos = messageId % 3;
        client.send(packets.publish({ topicName, payload: `${messageId}`, qos, messageId }));
        // QoS 2 has a window: its exchange is ended at once.
        if (qos === 2) {
          await client.next("pubrec");
          client.send(packets.pubrel(messageId));
          await client.next("pubcomp");
        }
      }
      for (let acknowledged = 0; acknowledged < Math.ceil(count / 3); acknowledged++)
        await client.next("puback");
    }),
  );
  // Acknowledged is on disk already: the reader sees it before anything is closed.
  const live = await readAll(journal);
  await made.broker.stop();
  await journal.close();
  const reopened = await openSmall(directory);
  t.onTestFinished(() => reopened.close());
  const stored = await readAll(reopened);
  for (const deviceId of deviceIds) {
    const own = (entries: readonly JournalEntry[]): string[] =>
      entries.flatMap((entry) =>
        entry.kind === "publish" && entry.principal === `sppg-a.${deviceId}`
          ? [Buffer.from(entry.payload).toString()]
          : [],
      );
    const sent = Array.from({ length: count }, (_, index) => `${index + 1}`);
    expect(own(live)).toEqual(sent);
    expect(own(stored)).toEqual(sent);
  }
});

test("a journal that is closed under the edge acknowledges nothing more", async (t) => {
  const journal = await openSmall(createDirectory(t));
  const made = await createTestBroker(t, { journal });
  const client = await made.signIn(made.logins.add("sppg-a", "probe"));
  await journal.close();
  const topicName = "sppg/sppg-a/telemetry/probe/temperature";
  client.send(packets.publish({ topicName, payload: "x", qos: 1 }));
  await client.closed;
  expect(client.queued()).toEqual([]);
});
