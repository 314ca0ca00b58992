import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { KitchenTimeZone } from "../../devices/index.ts";
import { SimulatorsError } from "../errors.ts";
import { loadScenario, type Scenario } from "../scenarios/scenario.ts";
import { createKitchenClock, minuteMs, minutesOf } from "../world/kitchen-clock.ts";

/** In the data folder, beside the credentials. */
export const demoDayFile = "demo-day.json";

/** What the kitchen's clock shows at the first start: a vehicle drives, a pot cooks. */
const opensAt = "07:00";

const stored = z.object({ clockShiftMs: z.number().int() });

/** What the demo plays, and how far its kitchens' day is moved. */
export interface DemoDay {
  scenario: Scenario;
  clockShiftMs: number;
}

/**
 * Whoever starts Nadi at night should see no sleeping kitchen: the first start is the demo's 07:00.
 * The shift is kept, because devices send their last hours again at every start, and those must be
 * the same readings.
 */
export async function chooseDemoDay(options: {
  dataDir: string;
  nowMs: number;
  timeZone: KitchenTimeZone;
}): Promise<DemoDay> {
  const { nowMs, timeZone } = options;
  const file = path.join(options.dataDir, demoDayFile);
  const scenario = loadScenario("demo-day");
  const known = await readShift(file);
  if (known !== null) return { scenario, clockShiftMs: known };
  const clock = createKitchenClock(timeZone);
  const openingMs = clock.startOf(clock.dayOf(nowMs)) + minutesOf(opensAt) * minuteMs;
  const clockShiftMs = Math.round(nowMs - openingMs);
  const draft = `${file}.new`;
  await writeFile(draft, `${JSON.stringify({ clockShiftMs })}\n`, { flush: true });
  await rename(draft, file);
  return { scenario, clockShiftMs };
}

/** `null`: there is none yet. */
async function readShift(file: string): Promise<number | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return stored.parse(JSON.parse(text)).clockShiftMs;
  } catch (cause) {
    throw new SimulatorsError(
      "SIMULATORS_DEMO_DAY_INVALID",
      `${file}: expected {"clockShiftMs": a whole number}; delete it to begin a new demo day`,
      { cause },
    );
  }
}
