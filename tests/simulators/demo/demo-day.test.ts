import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { chooseDemoDay, demoDayFile } from "../../../simulators/demo/demo-day.ts";
import { createKitchenClock, hourMs } from "../../../simulators/world/kitchen-clock.ts";
import { tempFolder } from "../../support/nadi-process.ts";

const timeZone = "Asia/Jakarta";
/** 23:40 in Jakarta. */
const nightMs = Date.UTC(2026, 10, 22, 16, 40);

/** What the kitchen's own clock shows, in hours after midnight. */
function kitchenHour(clockShiftMs: number, atMs: number): number {
  const clock = createKitchenClock(timeZone, clockShiftMs);
  return (atMs - clock.startOf(clock.dayOf(atMs))) / hourMs;
}

test("the first start is the demo's 07:00, at any time of day, and stays it", async (t) => {
  const dataDir = tempFolder(t);
  const first = await chooseDemoDay({ dataDir, nowMs: nightMs, timeZone });
  expect(kitchenHour(first.clockShiftMs, nightMs)).toBe(7);
  expect(first.scenario.name).toBe("demo-day");
  const later = await chooseDemoDay({ dataDir, nowMs: nightMs + 5 * hourMs, timeZone });
  expect(later).toEqual(first);
  expect(kitchenHour(later.clockShiftMs, nightMs + 5 * hourMs)).toBe(12);
});

test("at the first start the door stands open for long enough to alert, and is shut soon", async (t) => {
  const dataDir = tempFolder(t);
  const { scenario } = await chooseDemoDay({ dataDir, nowMs: nightMs, timeZone });
  expect(scenario.changes).toContainEqual({
    kind: "doorOpen",
    device: "cold-store-1",
    from: "06:54:30",
    to: "07:00:55",
  });
});

test("a demo day that somebody has changed by hand is refused by the file's name", async (t) => {
  const dataDir = tempFolder(t);
  const file = path.join(dataDir, demoDayFile);
  for (const text of ["{", "{}", '{"clockShiftMs":1.5}']) {
    await writeFile(file, text);
    await expect(chooseDemoDay({ dataDir, nowMs: nightMs, timeZone })).rejects.toMatchObject({
      code: "SIMULATORS_DEMO_DAY_INVALID",
      message: expect.stringContaining(file),
    });
    expect(await readFile(file, "utf8")).toBe(text);
  }
});
