import { type Records, tablesOf, writeTransaction } from "../../devices/index.ts";
import { placeMessage } from "./alert-message.ts";
import { toAlertRow } from "./alert-row.ts";
import type { OutboxMessage, PartitionRecords } from "./desk.ts";
import { requireTenure, type Tenure } from "./leases.ts";
import { inChunks, type IngestTables, type IngestTransaction } from "./tables.ts";

type OutboxMethods = Pick<PartitionRecords, "unpublished" | "markPublished" | "pruneOutbox">;

/** What one answer holds at most: a message has about 1 KB. */
const unpublishedMax = 1_000;
/** What one call deletes at most, so that it holds the write lock for milliseconds. */
const prunedMax = 5_000;

export interface NewOutboxMessage extends OutboxMessage {
  alertId: string;
  /** `null`: it takes its place in the journal when it is first fetched. */
  offset: number | null;
  /** Of the journal: whoever owns it sends the message. */
  partition: number;
}

/** Inside the transaction that moved the alerts: no alert moves without its message. */
export async function appendToOutbox(
  tx: IngestTransaction,
  messages: readonly NewOutboxMessage[],
): Promise<void> {
  for (const chunk of inChunks(messages)) {
    const rows = chunk.map(({ id, alertId, offset, channel, text, partition }) => ({
      id,
      alert_id: alertId,
      entry_offset: offset,
      channel,
      text,
      is_published: 0,
      partition,
    }));
    await tx
      .insertInto("outbox")
      .values(rows)
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
  }
}

export function createOutboxMethods(records: Records, tenure: Tenure): OutboxMethods {
  const db = tablesOf<IngestTables>(records);
  const { partition } = tenure;
  return {
    async unpublished(limit, offset) {
      if (offset !== undefined) await placeWaiting(records, tenure, offset);
      return db
        .selectFrom("outbox")
        .select(["id", "channel", "text"])
        .where("partition", "=", partition)
        .where("is_published", "=", 0)
        .orderBy("number")
        .limit(Math.min(limit, unpublishedMax))
        .execute();
    },
    async markPublished(ids) {
      if (ids.length === 0) return;
      await writeTransaction<IngestTables, void>(records, async (tx) => {
        await requireTenure(tx, tenure);
        for (const chunk of inChunks(ids)) {
          await tx
            .updateTable("outbox")
            .set({ is_published: 1 })
            .where("id", "in", chunk)
            .execute();
        }
      });
    },
    async pruneOutbox(cursorOffset) {
      return writeTransaction<IngestTables, number>(records, async (tx) => {
        await requireTenure(tx, tenure);
        const result = await tx
          .deleteFrom("outbox")
          .where("number", "in", (build) =>
            build
              .selectFrom("outbox")
              .select("number")
              .where("partition", "=", partition)
              .where("is_published", "=", 1)
              .where((where) =>
                where.or([
                  where("entry_offset", "<=", cursorOffset),
                  where("entry_offset", "is", null),
                ]),
              )
              .orderBy("number")
              .limit(prunedMax),
          )
          .executeTakeFirst();
        return Number(result.numDeletedRows);
      });
    },
  };
}

/**
 * What a person did has no place in the journal when it is written down, and a page drops what is
 * older than its snapshot. So its message takes the place where the monitor first fetches it, with
 * the alert as it is by then: a message of the machine that was sent meanwhile is not taken back.
 */
async function placeWaiting(records: Records, tenure: Tenure, offset: number): Promise<void> {
  const { partition } = tenure;
  const waiting = await tablesOf<IngestTables>(records)
    .selectFrom("outbox")
    .select("number")
    .where("partition", "=", partition)
    .where("is_published", "=", 0)
    .where("entry_offset", "is", null)
    .executeTakeFirst();
  if (waiting === undefined) return;
  await writeTransaction<IngestTables, void>(records, async (tx) => {
    await requireTenure(tx, tenure);
    const rows = await tx
      .selectFrom("outbox")
      .innerJoin("alert", "alert.alert_id", "outbox.alert_id")
      .select(["outbox.number", "outbox.text"])
      .selectAll("alert")
      .where("outbox.partition", "=", partition)
      .where("outbox.is_published", "=", 0)
      .where("outbox.entry_offset", "is", null)
      .execute();
    for (const row of rows) {
      const text = placeMessage(row.text, toAlertRow(row), offset);
      await tx
        .updateTable("outbox")
        .set({ text, entry_offset: offset })
        .where("number", "=", row.number)
        .execute();
    }
  });
}
