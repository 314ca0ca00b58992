import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRealtimeMessage } from "../../../devices/realtime-message.ts";
import type { Effect } from "../../../ingest/monitor/monitor.ts";
import {
  alertEffect,
  deadLetter,
  dump,
  openDesk,
  otherSppgId,
  sppgId,
  startMs,
  type TestDesk,
} from "./factories.ts";
import { engineRuns } from "../../support/records.ts";

function messageOf(text: string) {
  const decoded = decodeRealtimeMessage(text);
  if (!decoded.ok) throw new Error(decoded.issues.join("; "));
  return decoded.message;
}

test("an alert that opens is a row, and a message on the channel of its domain", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const effect = alertEffect({ domain: "inventory" }, 4_711);
  const messages = await ingest.applyEffects([effect]);
  expect(messages).toEqual(await ingest.unpublished(10));
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject({ id: "a1.1", channel: "sppg-jakarta-001:inventory:alerts" });
  expect(messageOf(messages[0]?.text ?? "")).toMatchObject({
    id: "a1.1",
    type: "inventory_alert",
    sppgId,
    domain: "inventory",
    timestamp: startMs + 4_711,
    position: "00000000000000004711",
    data: { alertId: "a1", condition: "active", response: "unacknowledged", value: 8.1 },
  });
  const { revision, ...machine } = effect.alert;
  expect(await desk.findAlert(sppgId, "a1")).toEqual({
    ...machine,
    response: "unacknowledged",
    acknowledgedAtMs: null,
    acknowledgedBy: null,
    correctiveAction: null,
    note: null,
    isResolved: false,
    changeCount: revision,
  });
});

test("several revisions of one alert in a batch are one row and a message each", async (t) => {
  const { ingest, desk } = await openDesk(t);
  const messages = await ingest.applyEffects([
    alertEffect({ revision: 1 }, 10),
    alertEffect({ revision: 2, worstValue: 9 }, 11),
    alertEffect({ revision: 3, worstValue: 12 }, 12),
  ]);
  expect(messages.map(({ id }) => id)).toEqual(["a1.1", "a1.2", "a1.3"]);
  const worst = messages.map(({ text }) => messageOf(text).data).map((data) => data);
  expect(worst).toMatchObject([{ worstValue: 8.1 }, { worstValue: 9 }, { worstValue: 12 }]);
  expect(await desk.findAlert(sppgId, "a1")).toMatchObject({ worstValue: 12, changeCount: 3 });
});

test("a revision that the row has reached already moves nothing and sends nothing", async (t) => {
  const { records, ingest } = await openDesk(t);
  await ingest.applyEffects([alertEffect({ revision: 5, worstValue: 12 }, 50)]);
  const before = await dump(records);
  expect(await ingest.applyEffects([alertEffect({ revision: 4 }, 40)])).toEqual([]);
  expect(await ingest.applyEffects([alertEffect({ revision: 5 }, 50)])).toEqual([]);
  expect(await ingest.applyEffects([])).toEqual([]);
  expect(await dump(records)).toEqual(before);
});

test("a batch that fails leaves nothing of itself", async (t) => {
  const { records, ingest } = await openDesk(t);
  const before = await dump(records);
  const unsendable = alertEffect({ alertId: "a2", subject: "x".repeat(1_000) }, 11);
  await expect(
    ingest.applyEffects([alertEffect(), deadLetter(1), unsendable]),
  ).rejects.toMatchObject({ code: "INGEST_INTERNAL", facts: { id: "a2.1" } });
  const foreign = alertEffect({ sppgId: otherSppgId, revision: 2 });
  await expect(ingest.applyEffects([alertEffect(), foreign])).rejects.toThrow("belongs to");
  expect(await dump(records)).toEqual(before);
});

/** Three alerts and two devices, in the order of a journal; revisions grow one by one. */
const journalOfEffects = fc
  .array(
    fc.record({
      what: fc.constantFrom("alert", "letter"),
      which: fc.integer({ min: 0, max: 2 }),
      occurrences: fc.integer({ min: 1, max: 3 }),
      condition: fc.constantFrom("active" as const, "cleared" as const),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((steps) => {
    const counts = new Map<string, number>();
    return steps.map(({ what, which, occurrences, condition }, index): Effect => {
      const name = `${what}-${which % (what === "letter" ? 2 : 3)}`;
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const offset = 1_000 + index;
      return what === "alert"
        ? alertEffect({ alertId: name, revision: count, occurrences, condition }, offset)
        : deadLetter(count, { deviceId: name, offset });
    });
  });

async function rowsAfter(batches: readonly (readonly Effect[])[]): Promise<unknown> {
  const cleanUps: (() => unknown)[] = [];
  const { records, ingest }: TestDesk = await openDesk({
    onTestFinished: (cleanUp) => void cleanUps.push(cleanUp as () => unknown),
  });
  for (const batch of batches) await ingest.applyEffects(batch);
  const rows = await dump(records);
  for (const cleanUp of cleanUps) await cleanUp();
  return rows;
}

test("effects that come again, in any split and from any point, leave the same rows", async () => {
  const splits = fc.array(fc.record({ size: fc.nat({ max: 12 }), back: fc.nat({ max: 30 }) }));
  await fc.assert(
    fc.asyncProperty(journalOfEffects, splits, async (effects, splits) => {
      const batches: Effect[][] = [];
      let at = 0;
      // Each crash goes back some way, as a replay from the lowest state row does.
      for (const { size, back } of splits) {
        batches.push(effects.slice(at, at + size));
        at = Math.max(0, Math.min(effects.length, at + size) - back);
      }
      batches.push(effects.slice(at));
      expect(await rowsAfter(batches)).toEqual(await rowsAfter([effects]));
    }),
    { numRuns: engineRuns(40) },
  );
});

test("names that look like SQL are only names", async (t) => {
  const { records, ingest, desk } = await openDesk(t);
  const evil = `'; drop table alert; -- " \u0000 \\`;
  const alertId = "a'); delete from outbox; --";
  await ingest.applyEffects([
    alertEffect({ alertId, subject: evil }),
    deadLetter(1, { deviceId: "d'--", topicName: evil, detail: evil }),
  ]);
  expect((await desk.findAlert(sppgId, alertId))?.subject).toBe(evil);
  expect(await ingest.unpublished(10)).toHaveLength(1);
  const [letter] = await desk.listDeadLetters({ sppgId, deviceId: "d'--", limit: 5 });
  // A NUL is the one thing that not every database can keep.
  expect(letter?.detail).toBe(evil.replaceAll("\0", "\uFFFD"));
  await desk.acknowledgeAlert(
    { sppgId, alertId, note: evil },
    { email: "o'hara@example.org", address: "'; --" },
  );
  expect(await desk.findAlert("' or 1=1 --", alertId)).toBeNull();
  await ingest.saveState([{ sppgId: "' or 1=1 --", key: "'; --", offset: 1, body: "{}" }], null);
  expect(await ingest.loadStateRows(null, 10)).toHaveLength(1);
  expect((await dump(records))["alerts"]).toHaveLength(1);
});

test("a thousand alerts and a thousand dead letters go in one batch", async (t) => {
  const { records, ingest } = await openDesk(t);
  const effects = Array.from({ length: 1_000 }, (_, index): Effect[] => [
    alertEffect({ alertId: `a${index}` }, index),
    deadLetter(index + 1),
  ]).flat();
  expect(await ingest.applyEffects(effects)).toHaveLength(1_000);
  const rows = await dump(records);
  expect(rows["alerts"]).toHaveLength(1_000);
  expect(rows["deadLetters"]).toHaveLength(200);
});
