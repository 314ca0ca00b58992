import { beforeAll, describe, expect, test } from "vitest";
import { defaultRules } from "../../ingest/rules/defaults.ts";
import { type AlertRow, type Rule, ruleSchema } from "../../ingest/index.ts";
import {
  createKitchenWorld,
  type KitchenWorld,
  loadScenario,
  type Scenario,
  scenarioNames,
  startRun,
} from "../../simulators/index.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import {
  type OpenedKitchens,
  openKitchens,
  putRules,
  visibleWithinMs,
} from "../support/kitchen-client.ts";
import { startNadi, tempFolder } from "../support/nadi-process.ts";
import { type PreparedKitchens, prepareKitchens } from "../support/prepared-kitchens.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const timeZone = "Asia/Jakarta";
const offsetMs = 7 * 60 * minuteMs;
const seed = 1;
/** The kitchen's midnight before yesterday: every scenario is over, and less than a week old. */
const midnightMs = Math.floor((Date.now() + offsetMs) / dayMs) * dayMs - offsetMs - 2 * dayMs;

/** Silence is judged by arrival: the one that needs life speed is played apart, below. */
const names = scenarioNames().filter((name) => !loadScenario(name).needsLifeSpeed);
const outageName = "gateway-outage";
/** Simulated seconds in one of life; patience is shortened as much. */
const outageSpeed = 30;

const scope = fileScope();
const dataDir = tempFolder(scope);
let prepared: PreparedKitchens;
let kitchens: OpenedKitchens;

function worldOf(scenario: Scenario): KitchenWorld {
  return createKitchenWorld({ seed, sppgId: `sppg-${scenario.name}`, timeZone, scenario });
}

/** "04:30" of the scenario's day. */
function clock(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return midnightMs + (hours * 60 + minutes) * minuteMs;
}

beforeAll(async () => {
  const worlds = [...names, outageName].map((name) => worldOf(loadScenario(name)));
  prepared = await prepareKitchens(
    dataDir,
    worlds.map(({ sppgId, devices }) => {
      const pace = sppgId.endsWith(outageName) ? outageSpeed : 1;
      return {
        sppgId,
        devices: devices.map(({ intervalSeconds, ...device }) => ({
          ...device,
          intervalSeconds: Math.ceil(intervalSeconds / pace),
        })),
      };
    }),
  );
  kitchens = await openKitchens(scope, await startNadi(scope, { dataDir }), prepared);
});

/** Each device sends its messages in order, as fast as they are acknowledged. */
async function play(world: KitchenWorld, scenario: Scenario): Promise<void> {
  const kitchen = kitchens.kitchen(world.sppgId);
  const messages = world
    .events(clock(scenario.from), clock(scenario.to))
    .filter((event) => event.kind === "publish");
  expect(messages.length).toBeGreaterThan(1_000);
  const byConnection = Map.groupBy(messages, ({ deviceId }) => deviceId);
  await Promise.all([...byConnection].map(([deviceId, own]) => kitchen.send(deviceId, own)));
  await kitchen.settled();
}

/** What matters of an alert, comparable with what a scenario claims. */
function claimOf(alert: AlertRow, scenario: Scenario): object {
  const { rule, severity, deviceId, openedAtMs, condition, isLate, occurrences } = alert;
  const claimed = scenario.expectedAlerts.find(
    ({ ruleKey, device }) => ruleKey === rule.key && device === deviceId,
  );
  const isInTime =
    claimed === undefined ||
    (openedAtMs >= clock(claimed.opensFrom) && openedAtMs < clock(claimed.opensTo));
  const opens = isInTime ? "in time" : new Date(openedAtMs).toISOString();
  return { rule: rule.key, severity, deviceId, opens, condition, isLate, occurrences };
}

function claimsOf(scenario: Scenario, own: readonly Rule[]): object[] {
  const common = { opens: "in time", isLate: false, occurrences: 1 };
  return [
    ...scenario.expectedAlerts.map(({ ruleKey, severity, device, clears }) => ({
      ...common,
      rule: ruleKey,
      severity,
      deviceId: device,
      condition: clears ? "cleared" : "active",
    })),
    // A rule that a scenario brings along is there to speak once.
    ...own.map(({ key, severity, scope: { deviceId } }) => ({
      ...common,
      rule: key,
      severity,
      deviceId,
      condition: "cleared",
    })),
  ];
}

describe.each(names)("%s", (name) => {
  const scenario = loadScenario(name);

  test("opens exactly the alerts that it claims", async () => {
    const world = worldOf(scenario);
    const own = scenario.kitchenRules.map((rule) => ruleSchema.parse(rule));
    if (own.length > 0) await putRules(kitchens, { dataDir, sppgId: world.sppgId }, own);
    await play(world, scenario);

    const alerts = await kitchens.kitchen(world.sppgId).alerts();
    const found = alerts.map((alert) => claimOf(alert, scenario));
    const claims = claimsOf(scenario, own);
    expect(found, JSON.stringify(alerts)).toHaveLength(claims.length);
    expect(found).toEqual(expect.arrayContaining(claims));
  });
});

/** Some minutes of it are enough: the gateway's silence is told after three. */
function shortOutage(): Scenario {
  const scenario = loadScenario(outageName);
  const changes = scenario.changes.map((change) =>
    change.kind === "linkDown" ? { ...change, to: "10:05" } : change,
  );
  return { ...scenario, from: "09:59", to: "10:07", changes };
}

test("a gateway without its network is one alert, and its children are none", async () => {
  const scenario = shortOutage();
  const sppgId = `sppg-${scenario.name}`;
  const patient = defaultRules.flatMap((rule) =>
    rule.kind === "noData" ? [{ ...rule, graceSeconds: rule.graceSeconds / outageSpeed }] : [],
  );
  await putRules(kitchens, { dataDir, sppgId }, patient);
  const { devices } = worldOf(scenario);
  const run = startRun({
    host: "127.0.0.1",
    port: kitchens.nadi.mqttPort,
    seed,
    speed: outageSpeed,
    kitchens: [{ sppgId, timeZone }],
    credentials: devices.map(({ deviceId }) => prepared.login(sppgId, deviceId)),
    scenario,
    fromMs: clock(scenario.from),
    untilMs: clock(scenario.to),
    clockShiftMs: 0,
  });
  scope.onTestFinished(async () => void (await run.stop(0)));
  await run.finished;

  const kitchen = kitchens.kitchen(sppgId);
  const [alert, ...others] = await eventually(
    () => kitchen.alerts(),
    (alerts) => alerts.length > 0 && alerts.every(({ condition }) => condition === "cleared"),
    visibleWithinMs,
  );
  expect(others).toEqual([]);
  expect(alert).toMatchObject({
    rule: { key: "gateway-silent", version: 1 },
    severity: "critical",
    deviceId: "gateway-1",
    clearedBy: "value",
    occurrences: 1,
  });
});
