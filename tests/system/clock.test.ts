import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../../broker/journal/file-system.ts";
import { readJournal } from "../../broker/journal/inspect.ts";
import type { JournalEntry } from "../../broker/journal/journal.ts";
import { startLoad } from "../../simulators/index.ts";
import { provision } from "../bench/provision.ts";
import { eventually, signInPerson } from "../support/kitchen.ts";
import { type KitchenClient, openKitchens } from "../support/kitchen-client.ts";
import { readMetric } from "../support/metrics.ts";
import { type Scope, signIn, startNadi, tempFolder } from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";
import { JournalContents } from "./journal-contents.ts";
import { findFaketime } from "./needs.ts";
import { createWallClock, noFaketime } from "./wall-clock.ts";

const hourMs = 3_600_000;
const faketime = findFaketime();
/** The wall clock may be off the journal's line by so much before that counts as a step. */
const driftMs = 2_000;

async function readEntries(dataDir: string): Promise<JournalEntry[]> {
  const folder = { disk: nodeFileSystem, directory: path.join(dataDir, "journal") };
  const entries: JournalEntry[] = [];
  for await (const entry of readJournal(folder, { fromOffset: 1, entriesMax: Infinity })) {
    entries.push(entry);
  }
  return entries;
}

async function readSteps(dataDir: string): Promise<number[]> {
  return (await readEntries(dataDir)).flatMap((entry) =>
    entry.kind === "clock" ? [entry.stepMs] : [],
  );
}

test("a step of the wall clock is one entry, and moves no timer and no connection", async (t) => {
  t.skip(faketime === null, noFaketime);
  const dataDir = tempFolder(t);
  const clock = createWallClock(t);
  const devices = await provision(dataDir, 5);
  const nadi = await startNadi(t, { dataDir, env: clock.env });
  const load = await startLoad({
    port: nadi.mqttPort,
    devices,
    pace: { kind: "rate", perSecond: 200 },
    keepAliveSeconds: 2,
    reconnect: null,
  });
  t.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });
  const steps = async (): Promise<number> => (await readSteps(dataDir)).length;
  clock.set("-2h");
  await expect.poll(steps, { timeout: 10_000 }).toBe(1);
  clock.set("+3d");
  await expect.poll(steps, { timeout: 10_000 }).toBe(2);
  const { acked: ackedAtStep } = load.stats();
  await expect
    .poll(() => load.stats().acked, { timeout: 10_000 })
    .toBeGreaterThan(ackedAtStep + 600);
  const stats = await load.stop();
  await nadi.stop();

  expect(stats.disconnects).toBe(0);
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(contents.findMissing(load.acked())).toEqual([]);
  const [back = 0, forth = 0] = await readSteps(dataDir);
  expect(Math.abs(back + 2 * hourMs)).toBeLessThan(driftMs);
  expect(Math.abs(forth - 74 * hourMs)).toBeLessThan(driftMs);
  const entries = await readEntries(dataDir);
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before === undefined) continue;
    const jumpMs = entry.receivedTimeMs - before.receivedTimeMs;
    const stepMs = entry.kind === "clock" ? entry.stepMs : 0;
    expect(jumpMs - stepMs, `offset ${entry.offset}`).toBeGreaterThanOrEqual(0);
    expect(jumpMs - stepMs, `offset ${entry.offset}`).toBeLessThan(driftMs);
  }

  // Started again by the true clock, three days before its last entry: one step back.
  const next = await startNadi(t, { dataDir });
  await expect.poll(steps, { timeout: 10_000 }).toBe(3);
  await next.stop();
  expect((await readSteps(dataDir))[2]).toBeLessThan(-71 * hourMs);
});

const sppgId = "sppg-clock";
const talkers = ["cold", "warm", "warm-without-clock"] as const;
const talkMs = 200;

/**
 * Devices by the true clock: one within its limits, one too warm for less than its 15 minutes, and
 * one that is as warm and has no clock.
 */
function startTalking(scope: Scope, kitchen: KitchenClient): { stop(): Promise<number> } {
  let seq = 0;
  const end = new AbortController();
  const talk = async (): Promise<void> => {
    while (!end.signal.aborted) {
      seq += 1;
      await Promise.all([
        kitchen.sendReadings("cold", [{ ts: Date.now(), seq, celsius: 3 }]),
        kitchen.sendReadings("warm", [{ ts: Date.now(), seq, celsius: 8 }]),
        kitchen.sendReadings("warm-without-clock", [{ celsius: 8 }]),
      ]);
      await delay(talkMs);
    }
  };
  const talked = talk();
  const stop = async (): Promise<number> => {
    end.abort();
    await talked;
    return seq * talkers.length;
  };
  scope.onTestFinished(async () => void (await stop()));
  return { stop };
}

test("a stepped clock opens no alert, loses no reading and revives no session", async (t) => {
  t.skip(faketime === null, noFaketime);
  const dataDir = tempFolder(t);
  const clock = createWallClock(t);
  const planned = [...talkers, "heard-once"].map(
    (deviceId) => ({ deviceId, kind: "temperature-probe", place: "coldStore" }) as const,
  );
  const prepared = await prepareKitchens(dataDir, [{ sppgId, devices: planned }]);
  const nadi = await startNadi(t, { dataDir, env: clock.env });
  const first = await openKitchens(t, nadi, prepared);
  const expiring = await signInPerson(nadi.httpUrl, prepared.operator);
  const status = async (): Promise<number> => (await expiring.request("/api/kitchens")).status;
  const here = first.kitchen(sppgId);
  await here.sendReadings("heard-once", [{ ts: Date.now(), celsius: 3 }]);
  const talking = startTalking(t, here);

  let stepsSoFar = 0;
  const step = async (offset: string): Promise<void> => {
    clock.set(offset);
    stepsSoFar += 1;
    await expect
      .poll(async () => (await readSteps(dataDir)).length, { timeout: 10_000 })
      .toBe(stepsSoFar);
  };

  await step("-2h");
  await step("+3d");
  // More than any idle session lives; what is gone stays gone.
  expect(await status()).toBe(401);
  await step("+0");
  expect(await status()).toBe(401);
  const sent = (await talking.stop()) + 1;

  const again = await openKitchens(t, nadi, prepared);
  const kitchen = again.kitchen(sppgId);
  await kitchen.settled();
  expect(await kitchen.alerts()).toEqual([]);
  const stored = (): Promise<number> => readMetric(nadi.httpUrl, "nadi_recorder_stored_total");
  expect(await eventually(stored, (count) => count >= sent, 5_000)).toBe(sent);
  expect(await readMetric(nadi.httpUrl, "nadi_recorder_duplicates_total")).toBe(0);
  const seqs = (await readEntries(dataDir)).flatMap((entry) =>
    entry.kind === "publish" && entry.topicName.includes("/cold/")
      ? [Number(JSON.parse(entry.payload.toString())["seq"])]
      : [],
  );
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
});

test("a clock that stands still stops no reading and no timer, and revives no session", async (t) => {
  t.skip(faketime === null, noFaketime);
  const dataDir = tempFolder(t);
  const clock = createWallClock(t);
  const planned = [...talkers, "mute"].map(
    (deviceId) => ({ deviceId, kind: "temperature-probe", place: "coldStore" }) as const,
  );
  const prepared = await prepareKitchens(dataDir, [{ sppgId, devices: planned }]);
  const nadi = await startNadi(t, { dataDir, env: clock.env });
  const expiring = await signInPerson(nadi.httpUrl, prepared.operator);
  const status = async (): Promise<number> => (await expiring.request("/api/kitchens")).status;
  clock.set("+3d");
  expect(await status()).toBe(401);
  clock.set("+0");
  const { kitchen } = await openKitchens(t, nadi, prepared);
  const here = kitchen(sppgId);
  const talking = startTalking(t, here);

  clock.freeze();
  const { topic: topicName, ...login } = prepared.login(sppgId, "mute");
  const device = { ...login, topicName };
  const mute = await signIn(t, { port: nadi.mqttPort, device, keepAlive: 1 });
  const connectedAtMs = performance.now();
  await mute.closed;
  // One and a half times its keep alive [MQTT-3.1.2-24], by a clock that goes.
  expect(performance.now() - connectedAtMs).toBeGreaterThan(1_400);
  // The journal's line goes on, and the wall clock falls behind it again and again.
  const steps = async (): Promise<number[]> => (await readSteps(dataDir)).slice(2);
  await expect.poll(async () => (await steps()).length, { timeout: 30_000 }).toBeGreaterThan(1);
  expect((await steps()).every((stepMs) => stepMs < 0)).toBe(true);
  expect(await status()).toBe(401);
  clock.set("+0");
  const sent = await talking.stop();

  await here.settled();
  expect(await here.alerts()).toEqual([]);
  const stored = (): Promise<number> => readMetric(nadi.httpUrl, "nadi_recorder_stored_total");
  expect(await eventually(stored, (count) => count >= sent, 5_000)).toBe(sent);
  expect(await readMetric(nadi.httpUrl, "nadi_recorder_duplicates_total")).toBe(0);
  const offsets = (await readEntries(dataDir)).map(({ offset }) => offset);
  expect(offsets).toEqual(offsets.map((_, index) => index + 1));
});
