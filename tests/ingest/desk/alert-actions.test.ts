import { expect, test } from "vitest";
import { decodeRealtimeMessage } from "../../../devices/realtime-message.ts";
import { personTextCharactersMax } from "../../../ingest/desk/alert-actions.ts";
import {
  alertEffect,
  dump,
  head,
  openDesk,
  otherSppgId,
  readLogs,
  sppgId,
  startMs,
} from "./factories.ts";

const a1 = { sppgId, alertId: "a1" };
const cleared = { condition: "cleared", clearedAtMs: startMs, clearedBy: "value" } as const;
const thrown = { note: null, correctiveAction: "Thrown away" };

test("acknowledging notes who, when and why, in the row, both logs and the outbox", async (t) => {
  const { records, ingest, desk, clock } = await openDesk(t);
  await ingest.applyEffects([alertEffect({}, 500)]);
  clock.ms += 5_000;
  const row = await desk.acknowledgeAlert({ ...a1, note: " on my way " }, head);
  expect(row).toMatchObject({
    response: "acknowledged",
    acknowledgedAtMs: startMs + 5_000,
    acknowledgedBy: head.email,
    note: "on my way",
    condition: "active",
    isResolved: false,
    changeCount: 2,
  });
  expect(await desk.findAlert(sppgId, "a1")).toEqual(row);
  const { changes, audit } = await readLogs(records);
  const seq = changes.length;
  expect(changes.at(-1)).toMatchObject({ seq, kind: "alert", sppg_id: sppgId, subject: "a1" });
  expect(audit.at(-1)).toMatchObject({
    actor: "user:head@example.org",
    action: "alert.acknowledge",
    address: head.address,
    subject: "a1",
    outcome: "done",
  });
  expect(JSON.parse(audit.at(-1)?.detail_json ?? "")).toMatchObject({ note: "on my way" });
  const { commands } = await ingest.factsBetween(seq - 1, seq);
  expect(commands).toEqual([
    {
      changeSeq: seq,
      ...a1,
      action: "acknowledge",
      atMs: startMs + 5_000,
      by: head.email,
      note: "on my way",
      correctiveAction: null,
    },
  ]);
  const message = (await ingest.unpublished(10)).at(-1);
  expect(message).toMatchObject({ id: "a1.p2", channel: `${sppgId}:production:alerts` });
  expect(decodeRealtimeMessage(message?.text ?? "")).toMatchObject({
    message: { userId: head.email, timestamp: startMs + 5_000, data: { response: "acknowledged" } },
  });
});

test("acknowledging twice changes nothing: the first one stands", async (t) => {
  const { records, ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect()]);
  const first = await desk.acknowledgeAlert({ ...a1, note: "first" }, head);
  const before = [await dump(records), await readLogs(records)];
  const other = { email: "cook@example.org", address: null };
  expect(await desk.acknowledgeAlert({ ...a1, note: "second" }, other)).toEqual(first);
  expect([await dump(records), await readLogs(records)]).toEqual(before);
});

test("a critical alert is resolved only with what was done about it", async (t) => {
  const { records, ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect()]);
  const before = [await dump(records), await readLogs(records)];
  for (const correctiveAction of [null, "", "  \0 "]) {
    await expect(
      desk.resolveAlert({ ...a1, note: "fine", correctiveAction }, head),
    ).rejects.toMatchObject({ code: "INGEST_CORRECTIVE_ACTION_MISSING", status: 422 });
  }
  expect([await dump(records), await readLogs(records)]).toEqual(before);
  expect(await desk.resolveAlert({ ...a1, ...thrown }, head)).toMatchObject({
    condition: "cleared",
    clearedBy: "person",
    clearedAtMs: startMs,
    response: "acknowledged",
    acknowledgedBy: head.email,
    correctiveAction: "Thrown away",
    isResolved: true,
  });
});

test("a warning is resolved without a corrective action", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect({ severity: "warning" })]);
  const resolved = await desk.resolveAlert({ ...a1, note: null, correctiveAction: null }, head);
  expect(resolved).toMatchObject({ isResolved: true, clearedBy: "person" });
});

test("cleared and acknowledged ends a warning, but not a critical alert", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([
    alertEffect({ alertId: "w", severity: "warning", ...cleared }),
    alertEffect({ alertId: "c", severity: "critical", ...cleared }),
  ]);
  const warning = await desk.acknowledgeAlert({ sppgId, alertId: "w", note: null }, head);
  const critical = await desk.acknowledgeAlert({ sppgId, alertId: "c", note: null }, head);
  expect([warning.isResolved, critical.isResolved]).toEqual([true, false]);
  const action = { ...thrown, sppgId, alertId: "c" };
  // Cleared by its value before: what the person did does not claim that.
  expect(await desk.resolveAlert(action, head)).toMatchObject({
    isResolved: true,
    clearedBy: "value",
    clearedAtMs: startMs,
  });
});

test("a revision that was under way does not un-clear what a person resolved", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect()]);
  const resolved = await desk.resolveAlert({ ...a1, ...thrown }, head);
  const [message] = await ingest.applyEffects([alertEffect({ revision: 2, worstValue: 11 })]);
  expect(await desk.findAlert(sppgId, "a1")).toEqual({
    ...resolved,
    worstValue: 11,
    changeCount: 3,
  });
  expect(decodeRealtimeMessage(message?.text ?? "")).toMatchObject({
    message: { data: { condition: "cleared", correctiveAction: "Thrown away", worstValue: 11 } },
  });
  await ingest.applyEffects([alertEffect({ revision: 3, worstValue: 11, ...cleared })]);
  expect(await desk.findAlert(sppgId, "a1")).toMatchObject({
    clearedBy: "person",
    correctiveAction: "Thrown away",
    isResolved: true,
  });
});

test("a condition that comes back after a person's clear is open again", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect()]);
  await desk.resolveAlert({ ...a1, ...thrown }, head);
  await ingest.applyEffects([
    alertEffect({ revision: 2, ...cleared, clearedBy: "person" }),
    alertEffect({ revision: 3, occurrences: 2 }),
  ]);
  const open = { sppgId, state: "open", limit: 10 } as const;
  expect(await desk.listAlerts(open)).toMatchObject([
    { condition: "active", response: "acknowledged", isResolved: false },
  ]);
  // What was done the last time is no answer to this time.
  await expect(
    desk.resolveAlert({ ...a1, note: "again", correctiveAction: null }, head),
  ).rejects.toMatchObject({ code: "INGEST_CORRECTIVE_ACTION_MISSING" });
  const again = { ...a1, note: null, correctiveAction: "Door repaired" };
  expect(await desk.resolveAlert(again, head)).toMatchObject({
    isResolved: true,
    correctiveAction: "Door repaired",
  });
  const { commands } = await ingest.factsBetween(0, 100);
  expect(commands.map(({ correctiveAction }) => correctiveAction)).toEqual([
    "Thrown away",
    "Door repaired",
  ]);
});

test("resolving again says nothing new, and a text that is new is added", async (t) => {
  const { records, ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect()]);
  const resolved = await desk.resolveAlert({ ...a1, ...thrown }, head);
  const before = [await dump(records), await readLogs(records)];
  expect(await desk.resolveAlert({ ...a1, ...thrown }, head)).toEqual(resolved);
  expect(await desk.resolveAlert({ ...a1, note: null, correctiveAction: null }, head)).toEqual(
    resolved,
  );
  expect([await dump(records), await readLogs(records)]).toEqual(before);
  const more = { ...a1, note: "two trays", correctiveAction: null };
  expect(await desk.resolveAlert(more, { email: "b@example.org", address: null })).toEqual({
    ...resolved,
    note: "two trays",
    changeCount: 3,
  });
});

test("an alert of another kitchen is unknown, and stays untouched", async (t) => {
  const { records, ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect()]);
  const before = [await dump(records), await readLogs(records)];
  const foreign = { sppgId: otherSppgId, alertId: "a1" };
  const unknown = { code: "INGEST_ALERT_UNKNOWN", status: 404 };
  expect(await desk.findAlert(otherSppgId, "a1")).toBeNull();
  expect(await desk.listAlerts({ sppgId: otherSppgId, state: "all", limit: 10 })).toEqual([]);
  await expect(desk.acknowledgeAlert({ ...foreign, note: null }, head)).rejects.toMatchObject(
    unknown,
  );
  await expect(desk.resolveAlert({ ...foreign, ...thrown }, head)).rejects.toMatchObject(unknown);
  await expect(
    desk.acknowledgeAlert({ sppgId, alertId: "a2", note: null }, head),
  ).rejects.toMatchObject(unknown);
  expect([await dump(records), await readLogs(records)]).toEqual(before);
});

test("a text that no message can carry is refused, and the longest one is kept whole", async (t) => {
  const { ingest, desk } = await openDesk(t);
  await ingest.applyEffects([alertEffect()]);
  const longest = "x".repeat(personTextCharactersMax);
  await expect(
    desk.resolveAlert({ ...a1, note: null, correctiveAction: `${longest}x` }, head),
  ).rejects.toMatchObject({ status: 422, facts: { field: "correctiveAction" } });
  const by = { email: `${"e".repeat(200)}@example.org`, address: null };
  const row = await desk.resolveAlert({ ...a1, note: longest, correctiveAction: longest }, by);
  expect(row).toMatchObject({ note: longest, correctiveAction: longest });
  expect(row.acknowledgedBy).toHaveLength(128);
  expect((await ingest.factsBetween(0, 100)).commands[0]?.by).toBe(by.email);
});
