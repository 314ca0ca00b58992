import { expect, test } from "vitest";
import { recordsPath } from "../../devices/records/records.ts";
import { createRandom } from "../../simulators/load/random.ts";
import {
  fixedPort,
  type NadiProcess,
  type Scope,
  startNadi,
  tempFolder,
} from "../support/nadi-process.ts";
import { publishAgain, type Sender } from "./cold-store.ts";
import { expectedAlerts, isBad, signalDays } from "./cold-store-signal.ts";
import { provisionKitchen } from "./kill-kitchen.ts";
import { readRows } from "./records-contents.ts";
import { findWrongBuckets, storedRows } from "./store-contents.ts";

const seed = 11;
const storeCount = 3;
/** A day of each store, with five alerts or six. */
const readings = 4_000;
/** Parts of the log that come once more by themselves, as from a flaky link. */
const parts = { count: 60, readingsMax: 40 } as const;

interface Log {
  dataDir: string;
  port: number;
  senders: Sender[];
}

const all = Array.from({ length: readings }, (_, seq) => seq);

/** Every store has sent its log once. */
async function sendLogs(scope: Scope): Promise<Log> {
  const dataDir = tempFolder(scope);
  const port = await fixedPort();
  const kitchen = await provisionKitchen(
    { path: recordsPath(dataDir) },
    { loaded: 0, coldStores: storeCount },
  );
  const startMs = Date.now() - signalDays * 86_400_000;
  const senders = kitchen.coldStores.map((device, index) => ({
    port,
    device,
    signal: { index, startMs },
  }));
  await publishWith(scope, { dataDir, port, senders }, (sender) => [
    publishAgain(scope, sender, all),
  ]);
  return { dataDir, port, senders };
}

/** Publishes in a life of its own, and stops it when everything has been told and stored. */
async function publishWith(
  scope: Scope,
  { dataDir, port, senders }: Log,
  work: (sender: Sender, nadi: NadiProcess) => Promise<void>[],
): Promise<void> {
  const nadi = await startNadi(scope, { dataDir, mqttPort: port });
  await Promise.all(senders.flatMap((sender) => work(sender, nadi)));
  const { code } = await nadi.stop();
  expect(code).toBe(0);
}

interface Contents {
  rows: string[];
  alerts: string[];
  unpublished: unknown[];
}

function contentsOf({ dataDir }: Log): Contents {
  const path = recordsPath(dataDir);
  const alerts = readRows(path, "SELECT * FROM alert ORDER BY alert_id");
  const unpublished = readRows(path, "SELECT id FROM outbox WHERE is_published = 0");
  const rows = Array.from(storedRows(dataDir), (row) => JSON.stringify(row));
  return { rows, alerts: alerts.map((row) => JSON.stringify(row)), unpublished };
}

/** Not one `toEqual`: the difference of 12,000 rows would show nothing. */
function differences(now: Contents, before: Contents): string[] {
  const lines = (what: string, one: readonly string[], other: readonly string[]): string[] => {
    const known = new Set(other);
    return one.filter((line) => !known.has(line)).map((line) => `${what}: ${line}`);
  };
  return [
    ...lines("new alert", now.alerts, before.alerts),
    ...lines("alert gone", before.alerts, now.alerts),
    ...lines("new row", now.rows, before.rows),
    ...lines("row gone", before.rows, now.rows),
    ...now.unpublished.map((id) => `unpublished: ${JSON.stringify(id)}`),
  ].slice(0, 20);
}

test("a log that is sent two more times changes no row and opens no alert", async (t) => {
  const log = await sendLogs(t);
  const once = contentsOf(log);
  expect(once.rows.length).toBe(storeCount * all.filter((seq) => !isBad(seq)).length);
  const foretold = log.senders.flatMap(({ signal }) => expectedAlerts(signal, readings));
  expect(once.alerts.length).toBe(foretold.length);

  for (let time = 0; time < 2; time += 1) {
    await publishWith(t, log, (sender) => [publishAgain(t, sender, all)]);
  }

  expect(differences(contentsOf(log), once)).toEqual([]);
  expect(await findWrongBuckets(log.dataDir)).toEqual([]);
});

test("parts of a log that come again in any order open no alert", async (t) => {
  const log = await sendLogs(t);
  const once = contentsOf(log);
  const random = createRandom(seed);
  const part = (): number[] => {
    const from = Math.floor(random() * readings);
    return all.slice(from, from + 1 + Math.floor(random() * parts.readingsMax));
  };

  await publishWith(t, log, (sender) => {
    const seqs = Array.from({ length: parts.count }, part).flat();
    return [publishAgain(t, sender, seqs)];
  });

  expect(differences(contentsOf(log), once), `seed ${seed}`).toEqual([]);
});
