import { beforeAll, expect, test } from "vitest";
import type { AlertRow } from "../../ingest/index.ts";
import { createRandom } from "../../simulators/load/random.ts";
import { readMetric } from "../support/metrics.ts";
import { fileScope } from "../support/file-scope.ts";
import { eventually } from "../support/kitchen.ts";
import {
  type KitchenClient,
  type OpenedKitchens,
  openKitchens,
  putRules,
  visibleWithinMs,
} from "../support/kitchen-client.ts";
import { startNadi, tempFolder } from "../support/nadi-process.ts";
import { prepareKitchens } from "../support/prepared-kitchens.ts";
import { minuteMs, type Stretch, temperatures, thresholdRule } from "../support/rule-examples.ts";

const sppgId = "sppg-late";
const hourMs = 60 * minuteMs;
const seed = 7;
const deviceIds = ["shuffled", "ordered", "absorbing", "opening", "suspect"] as const;

const scope = fileScope();
const dataDir = tempFolder(scope);
let kitchens: OpenedKitchens;
let kitchen: KitchenClient;

beforeAll(async () => {
  const prepared = await prepareKitchens(dataDir, [
    {
      sppgId,
      devices: deviceIds.map((deviceId) => ({
        deviceId,
        kind: "temperature-probe",
        place: "coldStore",
        intervalSeconds: 60,
      })),
    },
  ]);
  kitchens = await openKitchens(scope, await startNadi(scope, { dataDir }), prepared);
  kitchen = kitchens.kitchen(sppgId);
});

/** Fisher and Yates, by the seed. */
function shuffle<Item>(items: readonly Item[]): Item[] {
  const random = createRandom(seed);
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [one, two] = [shuffled[at], shuffled[other]];
    if (one !== undefined && two !== undefined) [shuffled[at], shuffled[other]] = [two, one];
  }
  return shuffled;
}

/** The raw rows as the file for people has them, the oldest first. */
async function rawRows(deviceId: string, fromMs: number, toMs: number): Promise<string[]> {
  const query = `device=${deviceId}&reading=temperature&from=${fromMs}&to=${toMs}&decimal=point`;
  const response = await eventually(
    () => kitchen.api.request(`/api/kitchens/${sppgId}/readings.csv?${query}`),
    // Degraded: what came last may be missing.
    ({ headers }) => !headers.has("nadi-degraded"),
    visibleWithinMs,
  );
  expect(response.status).toBe(200);
  return (await response.text()).split("\r\n").filter((line) => line !== "");
}

async function own(deviceId: string): Promise<AlertRow[]> {
  await kitchen.settled();
  return (await kitchen.alerts()).filter((alert) => alert.deviceId === deviceId);
}

async function latest(deviceId: string): Promise<unknown> {
  const path = `/api/kitchens/${sppgId}/snapshot`;
  const snapshot = await kitchen.api.get<{ latest: { deviceId: string }[] }>(path);
  return snapshot.latest.find((reading) => reading.deviceId === deviceId);
}

/** A day of a reading a minute, two hours of it at 8 °C. */
const warmMinutes = 120;
const day: readonly Stretch[] = [
  { celsius: 3, minutes: 600 },
  { celsius: 8, minutes: warmMinutes },
  { celsius: 3, minutes: 720 },
];

test("a day in any order is the same history, and nothing of it is taken for now", async () => {
  const endMs = Date.now() - minuteMs;
  const startMs = endMs - 24 * hourMs;
  // Each reading has its own value, so that none can stand in another's place.
  const readings = temperatures(day, endMs).map(({ ts, celsius }, at) => ({
    ts,
    celsius: celsius + at / 10_000,
  }));
  const shuffled = shuffle(readings);
  await kitchen.sendReadings("ordered", readings);
  await kitchen.sendReadings("shuffled", shuffled);

  const [, ...rows] = await rawRows("shuffled", startMs, endMs + 1);
  const [, ...inOrder] = await rawRows("ordered", startMs, endMs + 1);
  expect(rows).toHaveLength(readings.length);
  expect(rows.map((row) => row.replace("shuffled", "ordered"))).toEqual(inOrder);
  expect(rows).toEqual(rows.toSorted());
  const range = `reading=temperature&from=${startMs}&to=${endMs + 1}&points=24`;
  const buckets = async (deviceId: string) =>
    (await kitchen.readings(`device=${deviceId}&${range}`)).buckets;
  expect(await buckets("shuffled")).toEqual(await buckets("ordered"));
  const newest = readings.at(-1);
  expect(await latest("shuffled")).toMatchObject({
    eventTimeMs: newest?.ts,
    fields: { celsius: newest?.celsius },
  });

  const [inTime, ...more] = (await own("ordered")).filter(isCritical);
  expect(inTime).toMatchObject({ condition: "cleared", isLate: false, occurrences: 1 });
  expect(more).toEqual([]);
  const alerts = (await own("shuffled")).filter(isCritical);
  expect(alerts.length, `seed ${seed}`).toBeGreaterThan(0);
  const warmFromMs = readings[600]?.ts ?? 0;
  for (const { condition, openedAtMs } of alerts) {
    expect(condition).toBe("cleared");
    expect(openedAtMs).toBeGreaterThanOrEqual(warmFromMs);
    expect(openedAtMs).toBeLessThan(warmFromMs + (warmMinutes + 1) * minuteMs);
  }

  // The same day once more: the one whose answers were lost.
  const before = { alerts: await kitchen.alerts(), latest: await latest("shuffled") };
  await kitchen.sendReadings("shuffled", readings);
  await kitchen.sendReadings("ordered", shuffled);
  await kitchen.settled();
  const [, ...again] = await rawRows("shuffled", startMs, endMs + 1);
  expect(again).toEqual(rows);
  expect({ alerts: await kitchen.alerts(), latest: await latest("shuffled") }).toEqual(before);
});

function isCritical({ severity }: AlertRow): boolean {
  return severity === "critical";
}

test("a late reading worsens the alert that covers its time, and opens no other", async () => {
  const endMs = Date.now() - 10 * minuteMs;
  const warm = temperatures([{ celsius: 8, minutes: 30 }], endMs);
  const missing = warm[25];
  await kitchen.sendReadings(
    "absorbing",
    warm.filter((reading) => reading !== missing),
  );
  await kitchen.sendReadings("absorbing", [{ ...missing, celsius: 11 }]);
  await kitchen.sendReadings(
    "absorbing",
    temperatures([{ celsius: 3, minutes: 4 }], endMs + 4 * minuteMs),
  );
  expect((await own("absorbing")).filter(isCritical)).toMatchObject([
    { condition: "cleared", worstValue: 11, value: 8, isLate: false, occurrences: 1 },
  ]);
});

test("a late stretch of its own is an alert marked late, which nobody need run for", async () => {
  const nowMs = Date.now();
  await kitchen.sendReadings("opening", [{ ts: nowMs, celsius: 3 }]);
  const endMs = nowMs - 3 * hourMs;
  const warm = temperatures([{ celsius: 8, minutes: 20 }], endMs);
  await kitchen.sendReadings("opening", warm);
  const [alert, ...more] = (await own("opening")).filter(isCritical);
  expect(more).toEqual([]);
  expect(alert).toMatchObject({ isLate: true, condition: "cleared", clearedBy: "value" });
  expect(alert?.openedAtMs).toBe((warm[0]?.ts ?? 0) + 15 * minuteMs);
  expect(await latest("opening")).toMatchObject({ eventTimeMs: nowMs });
});

test("a device whose clock nobody believes is stored as received, and judged by nothing", async () => {
  const rule = thresholdRule("cold-store-limit", {
    key: "at-once",
    scope: { deviceId: "suspect" },
    minDurationSeconds: 0,
  });
  await putRules(kitchens, { dataDir, sppgId }, [rule]);
  const suspects = (): Promise<number> =>
    readMetric(kitchens.nadi.httpUrl, "nadi_recorder_clock_suspect_total");
  const before = await suspects();
  const nowMs = Date.now();
  const tenYearsMs = 10 * 365 * 24 * hourMs;
  await kitchen.sendReadings("suspect", [
    { ts: nowMs, celsius: 3 },
    { celsius: 3.5 },
    { ts: 1_000, celsius: 50 },
    { ts: nowMs + tenYearsMs, celsius: 51 },
    // Seconds where ms are asked for.
    { ts: Math.floor(nowMs / 1000), celsius: 52 },
  ]);
  expect(await own("suspect")).toEqual([]);
  expect(await latest("suspect")).toMatchObject({ fields: { celsius: 3.5 } });

  const range = `from=${nowMs - minuteMs}&to=${nowMs + minuteMs}`;
  const query = `device=suspect&reading=temperature&${range}&points=1`;
  const { buckets } = await kitchen.readings(query);
  expect(buckets).toMatchObject([{ count: 2, flagged: 3, max: 3.5 }]);
  const [, ...rows] = await rawRows("suspect", nowMs - minuteMs, nowMs + minuteMs);
  const flagged = rows.map((row) => row.split(";")).filter((cells) => cells[6] !== "");
  const year = new Date(nowMs + tenYearsMs).getUTCFullYear();
  expect(
    flagged.map(([, , , , , value, flags, original]) => [value, flags, original?.slice(0, 4)]),
  ).toEqual([
    ["50", "clockSuspect", "1970"],
    ["51", "clockSuspect", String(year)],
    ["52", "clockSuspect", "1970"],
  ]);
  expect(await eventually(suspects, (count) => count > before, visibleWithinMs)).toBe(before + 3);
  // The kitchen's own rule does watch this device.
  await kitchen.sendReadings("suspect", [{ celsius: 50 }]);
  expect(await own("suspect")).toMatchObject([{ rule: { key: "at-once" }, value: 50 }]);
});
