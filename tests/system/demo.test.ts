import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import type { AlertRow } from "../../ingest/index.ts";
import { demoDayFile } from "../../simulators/demo/demo-day.ts";
import { createKitchenClock, minuteMs } from "../../simulators/world/kitchen-clock.ts";
import { eventually, signInPerson } from "../support/kitchen.ts";
import { listening, runProgram, spawnNadi, tempFolder } from "../support/nadi-process.ts";

const kitchen = "/api/kitchens/sppg-jakarta-001";
/** Of a start with its history; five times what it takes. */
const livesWithinMs = 25_000;

/** The demo's clock shows 07:00:35, so that nobody waits for its door: it is shut 20 s later. */
async function setDemoClock(dataDir: string): Promise<void> {
  const clock = createKitchenClock("Asia/Jakarta");
  const nowMs = Date.now();
  const shownMs = clock.startOf(clock.dayOf(nowMs)) + (7 * 60 + 35 / 60) * minuteMs;
  const clockShiftMs = Math.round(nowMs - shownMs);
  await writeFile(path.join(dataDir, demoDayFile), JSON.stringify({ clockShiftMs }));
}

test("a start shows a living kitchen, an alert that comes and goes, and a line that works", async (t) => {
  const dataDir = tempFolder(t);
  await setDemoClock(dataDir);
  const child = spawnNadi(t, { dataDir, words: ["serve", "--demo"] });
  const nadi = await listening(child);
  const printed = await eventually(
    async () => child.stderr(),
    (text) => text.includes("mosquitto_pub"),
    livesWithinMs,
  );
  const [, email = "", password = ""] = /your login\s+(\S+)\s+password (\S+)/.exec(printed) ?? [];
  const api = await signInPerson(nadi.httpUrl, { email, password });
  const alerts = async (): Promise<AlertRow[]> =>
    (await api.get<{ alerts: AlertRow[] }>(`${kitchen}/alerts?state=all`)).alerts;

  const opened = await eventually(alerts, (rows) => rows.length > 0, livesWithinMs);
  expect(opened).toMatchObject([{ rule: { key: "cold-store-door" }, condition: "active" }]);

  const fromMs = Date.now();
  const line = printed.split("\n").find((text) => text.startsWith("mosquitto_pub")) ?? "";
  const published = await runProgram(["sh", "-c", line]);
  expect(published).toMatchObject({ code: 0, stderr: "" });
  const query = `device=cook-probe-2&reading=temperature&points=1000&from=${fromMs}`;
  // The demo's morning is stored at the same time: an answer may come before the newest reading.
  await eventually(
    () =>
      api.get<{ buckets: { max: number }[] }>(
        `${kitchen}/readings?${query}&to=${Date.now() + 1000}`,
      ),
    ({ buckets }) => buckets.some(({ max }) => max === 74.5),
    livesWithinMs,
  );

  // Charts, vehicles and weights: every kind of device has sent within its interval.
  const { latest } = await api.get<{ latest: { deviceId: string; reading: string }[] }>(
    `${kitchen}/snapshot`,
  );
  const readings = new Set(latest.map(({ reading }) => reading));
  expect([...readings].toSorted()).toEqual([
    "door",
    "humidity",
    "position",
    "temperature",
    "weight",
  ]);

  const closed = await eventually(
    alerts,
    (rows) => rows.every(({ condition }) => condition === "cleared"),
    livesWithinMs * 2,
  );
  expect(closed.map(({ alertId }) => alertId)).toEqual(opened.map(({ alertId }) => alertId));
});
