import { expect, test, type TestContext } from "vitest";
import { flagBits } from "../../../ingest/decode/decoded.ts";
import type { AlertState } from "../../../ingest/monitor/monitor.ts";
import type { Rule, RuleVersion } from "../../../ingest/rules/rule.ts";
import type { Firing, RulePreviewQuery } from "../../../ingest/preview/preview.ts";
import { previewFiringsMax, previewRule } from "../../../ingest/preview/preview.ts";
import { type HistoryThread, startHistory } from "../../../ingest/store/history-thread.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createScene, type Scene, sppgId } from "../monitor/support/scene.ts";
import { rateRule, thresholdRule } from "../monitor/support/rules.ts";
import { type OpenedSqliteStore, openStore } from "../store/open-store.ts";

const silentRule: Rule = {
  kind: "noData",
  key: "silent",
  severity: "warning",
  scope: { deviceKind: "temperature-probe" },
  quietSeconds: 60,
  intervalsMissed: 3,
  graceSeconds: 40,
};
const gatewayRule: Rule = { ...silentRule, key: "hub-silent", scope: { deviceKind: "gateway" } };
const faultRule: Rule = {
  kind: "implausible",
  key: "fault",
  severity: "warning",
  scope: {},
  quietSeconds: 45,
  readingsInRow: 3,
};
const limitRule = thresholdRule({
  minDurationSeconds: 60,
  clearDurationSeconds: 30,
  quietSeconds: 120,
});
const fastRule = rateRule({ perMinuteMax: 3, windowSeconds: 120, quietSeconds: 60 });
const rules: readonly Rule[] = [limitRule, fastRule, silentRule, gatewayRule, faultRule];

/** No default limit is narrower than those of this test at this place. */
const probe = { place: "cooking" } as const;
const alone = { deviceId: "alone", ...probe };
const devices = [
  alone,
  { deviceId: "soup", ...probe },
  { deviceId: "hub", kind: "gateway", place: null },
  { deviceId: "child-a", gatewayId: "hub", ...probe },
  { deviceId: "child-b", gatewayId: "hub", ...probe },
] as const;
const periodSeconds = 2 * 3600;

/** Walks, steps, gaps and faults, of devices with and without a time of their own. */
function play(seed: number): Scene {
  const random = seededRandom(seed);
  const scene = createScene({ devices: [...devices], rules: [...rules] });
  const probes = ["alone", "soup", "child-a", "child-b"].map((deviceId) => ({
    deviceId,
    via: deviceId.startsWith("child") ? "hub" : deviceId,
    value: deviceId === "soup" ? 84 : 6,
    hasTime: random() < 0.7,
    mutedUntil: 0,
    faultyUntil: 0,
  }));
  let hubMutedUntil = 0;
  for (let second = 10; second < periodSeconds; second += 10) {
    scene.idleUntil(second);
    if (random() < 0.002) hubMutedUntil = second + random() * 400;
    for (const probe of probes) {
      if (random() < 0.004) probe.mutedUntil = second + random() * 300;
      if (random() < 0.006) probe.faultyUntil = second + random() * 60;
      if (probe.deviceId !== "soup") {
        if (random() < 0.03) probe.value = 4 + random() * 10;
        probe.value += (random() - 0.5) * 0.8;
      }
      if (second < probe.mutedUntil || (probe.via === "hub" && second < hubMutedUntil)) continue;
      const options = { via: probe.via, at: probe.hasTime ? second : null };
      const isSoup = probe.deviceId === "soup" && random() < 0.3;
      if (isSoup) scene.read(probe.deviceId, 85, { ...options, flags: ["sensorFault"] });
      else if (second < probe.faultyUntil) {
        scene.read(probe.deviceId, -127, { ...options, flags: ["sensorFault"] });
      } else scene.read(probe.deviceId, probe.value, options);
    }
  }
  scene.idleUntil(periodSeconds);
  return scene;
}

async function keepReadings(t: TestContext, scene: Scene): Promise<OpenedSqliteStore> {
  const opened = await openStore(t);
  const readings = scene.steps.flatMap(({ entry }) =>
    entry.kind === "publish" ? entry.readings : [],
  );
  await opened.store.write(readings);
  return opened;
}

/** As the API asks: in the thread of previews. */
async function startPreviews(t: TestContext, scene: Scene): Promise<HistoryThread> {
  const { directory } = await keepReadings(t, scene);
  const history = await startHistory({ directory });
  t.onTestFinished(() => history.close());
  return history;
}

function queryOf(scene: Scene, rule: Rule): RulePreviewQuery {
  const inForce: RuleVersion[] = rules.map((rule, index) => ({
    sppgId,
    key: rule.key,
    version: 1,
    changeSeq: index + 1,
    isEnabled: true,
    rule,
  }));
  const known = [...scene.directory.devices(sppgId)];
  const range = { fromMs: scene.timeOf(0), toMs: scene.timeOf(periodSeconds) };
  return { sppgId, rule, rules: inForce, devices: known, ...range };
}

function expected(alert: AlertState): Firing {
  const { deviceId, channel, openedAtMs, clearedAtMs, worstValue, occurrences } = alert;
  return {
    deviceId: deviceId ?? "",
    channel,
    openedAtMs,
    resolvedAtMs: clearedAtMs,
    worstValue,
    occurrences,
    isFromBefore: false,
  };
}

const byTime = (a: { openedAtMs: number; deviceId: string }, b: typeof a): number =>
  a.openedAtMs - b.openedAtMs || (a.deviceId < b.deviceId ? -1 : 1);

test("a rule's preview is the alerts that it has opened, for every kind and many signals", async (t) => {
  const opened = new Map<string, number>();
  for (let seed = 1; seed <= 6; seed += 1) {
    const scene = play(seed);
    const { history } = await keepReadings(t, scene);
    for (const rule of rules) {
      const preview = await previewRule(history, queryOf(scene, rule));
      const alerts = scene.alerts().filter((alert) => alert.rule.key === rule.key);
      const found = preview.firings;
      const wanted = alerts.map(expected).toSorted(byTime);
      expect({ seed, key: rule.key, firings: found.toSorted(byTime) }).toEqual({
        seed,
        key: rule.key,
        firings: wanted,
      });
      const count = preview.devices.reduce((sum, device) => sum + device.count, 0);
      expect([seed, rule.key, count]).toEqual([seed, rule.key, alerts.length]);
      expect(preview.isPartial).toBe(false);
      opened.set(rule.key, (opened.get(rule.key) ?? 0) + alerts.length);
    }
  }
  // A signal on which nothing happens would prove nothing.
  expect(opened.size).toBe(rules.length);
  for (const [key, count] of opened) expect([key, count >= 5]).toEqual([key, true]);
});

test("another limit fires at other times, and the rule in force is left as it is", async (t) => {
  const scene = createScene({ devices: [alone], rules: [limitRule] });
  for (const value of [5, 9, 5, 12, 5]) {
    scene.readUntil("alone", value, { until: scene.now() + 600 });
    scene.goTo(scene.now() + 10);
  }
  const history = await startPreviews(t, scene);
  const query = queryOf(scene, limitRule);
  const alike = await history.preview(query);
  expect(alike.firings).toMatchObject([{ worstValue: 12, isFromBefore: false }]);
  const stricter = { ...limitRule, limit: 8, clearLimit: 7 };
  const preview = await history.preview({ ...query, rule: stricter });
  expect(preview.firings).toMatchObject([{ worstValue: 9 }, { worstValue: 12 }]);
  expect(preview.devices).toEqual([{ deviceId: "alone", count: 2 }]);
  const patient = await history.preview({
    ...query,
    rule: { ...stricter, minDurationSeconds: 3600 },
  });
  expect(patient.firings).toEqual([]);
});

test("a limit within the noise is counted whole and told in part", async (t) => {
  const scene = createScene({ devices: [alone], rules: [limitRule] });
  const flips = 2 * (previewFiringsMax + 50);
  for (let second = 1; second <= flips; second += 1) {
    scene.goTo(second);
    scene.read("alone", second % 2 === 1 ? 12 : 5);
  }
  const history = await startPreviews(t, scene);
  const nervous = thresholdRule({ minDurationSeconds: 0, quietSeconds: 0 });
  const preview = await history.preview({ ...queryOf(scene, nervous), rules: [] });
  expect(preview.devices).toEqual([{ deviceId: "alone", count: flips / 2 }]);
  expect(preview.firings).toHaveLength(previewFiringsMax);
  expect(preview.firings.at(-1)?.openedAtMs).toBe(scene.timeOf(flips - 1));
});

test("an alert that was open when the period began is shown as that and not counted", async (t) => {
  const scene = createScene({ devices: [alone], rules: [limitRule] });
  scene.readUntil("alone", 12, { until: 1_200 });
  scene.goTo(1_210);
  scene.readUntil("alone", 5, { until: 1_800 });
  const history = await startPreviews(t, scene);
  const query = { ...queryOf(scene, limitRule), fromMs: scene.timeOf(600) };
  const preview = await history.preview(query);
  expect(preview.firings).toMatchObject([{ isFromBefore: true, openedAtMs: scene.timeOf(60) }]);
  expect(preview.devices).toEqual([{ deviceId: "alone", count: 0 }]);
});

test("more readings than the limit leave the newest hours, and the answer says so", async (t) => {
  const scene = createScene({ devices: [alone], rules: [limitRule] });
  scene.readUntil("alone", 5, { until: periodSeconds });
  const history = await startPreviews(t, scene);
  const query = queryOf(scene, limitRule);
  const whole = await history.preview(query);
  expect(whole).toMatchObject({ isPartial: false, fromMs: query.fromMs, readingsCount: 720 });
  const limits = { rowsMax: 400, readMsMax: 60_000 };
  const cut = await previewRule(history, query, limits);
  expect(cut.isPartial).toBe(true);
  expect(cut.fromMs).toBeGreaterThan(query.fromMs);
  expect(cut.readingsCount).toBe((query.toMs - cut.fromMs) / 10_000);
  const hurried = await previewRule(history, query, { rowsMax: 10_000, readMsMax: -1 });
  expect(hurried).toMatchObject({ isPartial: true, fromMs: query.toMs, readingsCount: 0 });
});

test("a device with a wrong clock is alive and measures nothing", async (t) => {
  const scene = createScene({ devices: [alone], rules: [silentRule, limitRule] });
  for (let second = 10; second < 600; second += 10) {
    scene.idleUntil(second);
    scene.read("alone", 40, { at: -1e9 + second, flags: ["clockSuspect"] });
  }
  const history = await startPreviews(t, scene);
  const stored = scene.steps.flatMap(({ entry }) =>
    entry.kind === "publish" ? entry.readings : [],
  );
  expect(stored.every(({ flags }) => flags === flagBits.clockSuspect)).toBe(true);
  // Only a good value makes a sensor known by another channel than the default one.
  for (const rule of [silentRule, limitRule]) {
    const query = { ...queryOf(scene, rule), toMs: scene.timeOf(590) };
    expect((await history.preview(query)).firings).toEqual([]);
    expect(scene.alerts()).toEqual([]);
  }
});

test("what is going on at the end of the period is told as it stands there", async (t) => {
  const scene = createScene({ devices: [alone], rules: [limitRule, silentRule] });
  for (let second = 10; second <= 300; second += 10) {
    scene.goTo(second);
    scene.read("alone", 11 + second / 100);
  }
  const history = await startPreviews(t, scene);
  const until = (rule: Rule, second: number) =>
    history.preview({ ...queryOf(scene, rule), toMs: scene.timeOf(second) + 1 });
  const open = { resolvedAtMs: null, isFromBefore: false };
  expect((await until(limitRule, 300)).firings).toMatchObject([{ ...open, worstValue: 14 }]);
  // Silent 40 s after the last reading, and not yet 10 s before that.
  expect((await until(silentRule, 330)).firings).toEqual([]);
  const openedAtMs = scene.timeOf(340);
  expect((await until(silentRule, 345)).firings).toMatchObject([{ ...open, openedAtMs }]);
});
