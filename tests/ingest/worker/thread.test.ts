import { rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  createDataDir,
  deviceId,
  type Host,
  provision,
  sppgId,
  startHost,
} from "./thread-support.ts";

const series = { sppgId, deviceId, channel: "0", reading: "temperature", field: "celsius" };

async function rawValues(host: Host): Promise<number[]> {
  await host.ingest.flush();
  const range = { fromMs: 0, toMs: Date.now() + 86_400_000, rowsMax: 1_000 };
  return (await host.history.raw({ ...series, ...range })).map(({ value }) => value);
}

test("a reading is stored, shown and judged a moment after it is on disk", async (t) => {
  const host = await startHost(t, createDataDir(t));
  await provision(host);
  const ts = Date.now();
  await host.publish({ ts, celsius: 4 });
  const offset = await host.publish({ ts: ts + 1, celsius: 12 });
  expect(await rawValues(host)).toEqual([4, 12]);
  const alert = await host.message(({ type }) => type === "production_alert");
  expect(alert).toMatchObject({ sppgId, data: { severity: "critical", value: 12, deviceId } });
  const [row] = await host.services.desk.listAlerts({ sppgId, state: "open", limit: 10 });
  expect(row).toMatchObject({ condition: "active", value: 12, rule: { key: "too-warm" } });
  const isNewest = ({ data }: (typeof host.messages)[number]): boolean =>
    "fields" in data && data.fields["celsius"] === 12;
  expect(await host.message(isNewest)).toMatchObject({ type: "production_update", id: "3.0" });
  const snapshot = await host.ingest.snapshot(sppgId);
  expect(snapshot).toMatchObject({ sppgId, offset });
  expect(snapshot.latest).toMatchObject([{ deviceId, fields: { celsius: 12 } }]);
});

test("a bad payload is a letter with its reason, and the next reading is fine", async (t) => {
  const host = await startHost(t, createDataDir(t));
  await provision(host);
  await host.publish('{"celsius":1e999}');
  await host.publish({ celsius: 5 });
  expect(await rawValues(host)).toEqual([5]);
  const listLetters = () => host.services.desk.listDeadLetters({ sppgId, limit: 10 });
  await expect
    .poll(listLetters)
    .toMatchObject([{ deviceId, reason: "DEVICES_FIELD_NOT_FINITE", payloadBytes: 17, number: 1 }]);
});

test("what a person did to an alert is followed and goes out", async (t) => {
  const host = await startHost(t, createDataDir(t));
  await provision(host);
  await host.publish({ celsius: 12 });
  await host.message(({ type }) => type === "production_alert");
  const [row] = await host.services.desk.listAlerts({ sppgId, state: "open", limit: 10 });
  const by = { email: "head@example.org", address: null };
  const alert = { sppgId, alertId: row?.alertId ?? "", note: null };
  await host.services.desk.acknowledgeAlert(alert, by);
  await host.noteChange();
  const isAcknowledged = ({ data }: (typeof host.messages)[number]): boolean =>
    "response" in data && data.response === "acknowledged";
  expect(await host.message(isAcknowledged)).toMatchObject({ data: { alertId: row?.alertId } });
});

test("a start after a stop shows and stores nothing twice", async (t) => {
  const dataDir = createDataDir(t);
  const first = await startHost(t, dataDir);
  await provision(first);
  const ts = Date.now();
  await first.publish({ ts, celsius: 12 });
  await first.message(({ type }) => type === "production_alert");
  await first.stop();
  expect(first.ingest.status()).toMatchObject({ state: "stopped" });

  const second = await startHost(t, dataDir);
  expect(second.journal.cursor("recorder")).toBe(second.journal.syncedOffset + 1);
  expect(second.journal.cursor("monitor")).toBe(second.journal.syncedOffset + 1);
  await second.publish({ ts: ts + 1, celsius: 13 });
  await second.publish({ ts: ts + 2, celsius: 4 });
  expect(await rawValues(second)).toEqual([12, 13, 4]);
  await second.message(({ type }) => type === "production_update");
  const listAlerts = () => second.services.desk.listAlerts({ sppgId, state: "all", limit: 10 });
  await expect
    .poll(listAlerts)
    .toMatchObject([{ condition: "cleared", value: 12, worstValue: 13 }]);
  const ids = second.messages.map(({ id }) => id);
  expect(ids).not.toContain(first.messages.find(({ type }) => type === "production_alert")?.id);
});

test("a replay from the beginning finds everything there already", async (t) => {
  const dataDir = createDataDir(t);
  const first = await startHost(t, dataDir);
  await provision(first);
  for (let at = 0; at < 20; at++) await first.publish({ ts: Date.now(), seq: at, celsius: at });
  expect(await rawValues(first)).toHaveLength(20);
  await first.message(({ type }) => type === "production_alert");
  const before = await first.services.desk.listAlerts({ sppgId, state: "all", limit: 10 });
  // Ends without saving, as a crash does.
  await first.journal.close();
  await first.stop();

  const second = await startHost(t, dataDir);
  expect(second.journal.cursor("recorder")).toBe(1);
  expect(await rawValues(second)).toHaveLength(20);
  await expect.poll(() => second.ingest.status().monitor.lag).toBe(0);
  await expect.poll(() => second.ingest.status().recorder.duplicates).toBe(20);
  expect(second.ingest.status().recorder).toMatchObject({ stored: 0, collisions: 0 });
  const after = await second.services.desk.listAlerts({ sppgId, state: "all", limit: 10 });
  expect(after.map(({ alertId }) => alertId)).toEqual(before.map(({ alertId }) => alertId));
  expect(second.messages.filter(({ type }) => type === "production_update")).toEqual([]);
});

test("the end of the worker is told, and a stop is idempotent", async (t) => {
  const host = await startHost(t, createDataDir(t));
  const exits: boolean[] = [];
  host.ingest.onExit(({ expected }) => exits.push(expected));
  await Promise.all([host.ingest.stop(), host.ingest.stop()]);
  expect(exits).toEqual([true]);
  await expect(host.ingest.flush()).rejects.toMatchObject({ code: "INGEST_WORKER_GONE" });
});

test("a journal folder that was lost costs what it held, and nothing that comes after", async (t) => {
  const dataDir = createDataDir(t);
  const first = await startHost(t, dataDir);
  await provision(first);
  const ts = Date.now();
  for (let at = 0; at < 20; at += 1) await first.publish({ ts: ts + at, celsius: 4 });
  await first.stop();
  rmSync(path.join(dataDir, "journal"), { recursive: true });

  const second = await startHost(t, dataDir);
  await second.publish({ ts: ts + 100, celsius: 12 });

  const alert = await second.message(({ type }) => type === "production_alert");
  expect(alert).toMatchObject({ data: { value: 12, deviceId } });
  expect(await rawValues(second)).toHaveLength(21);
});
