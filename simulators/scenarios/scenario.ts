import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { isDeviceId } from "../../devices/index.ts";
import { SimulatorsError } from "../errors.ts";

const clockTime = z
  .string()
  .regex(
    /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/,
    "must be a kitchen's time of day like 04:30 or 04:30:15",
  );
const device = z.string().refine(isDeviceId, "must be a device id");
const span = { device, from: clockTime, to: clockTime };
const minutes = z.number().positive().max(600);

/** What goes differently from a normal day; each applies on every day of the run. */
export const changeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("compressorDead"), ...span }),
  z.strictObject({ kind: z.literal("doorOpen"), ...span }),
  /** The batch (from 1) of a cooking probe whose core gets no further than `peakCelsius`. */
  z.strictObject({
    kind: z.literal("undercooked"),
    device,
    batch: z.number().int().min(1).max(9),
    peakCelsius: z.number().min(30).max(73),
  }),
  /** A vehicle stands still on the way to its third stop. */
  z.strictObject({
    kind: z.literal("breakdown"),
    device,
    wave: z.number().int().min(1).max(2),
    minutes,
  }),
  /** A box with a worn seal; 0.15 is a good one. */
  z.strictObject({ kind: z.literal("boxSeal"), device, perHour: z.number().min(0.01).max(5) }),
  /** More is taken than usual, and the receipt comes when it is too late. */
  z.strictObject({
    kind: z.literal("stockRunOut"),
    device,
    useFactor: z.number().min(1).max(5),
    receiptAt: clockTime,
  }),
  z.strictObject({ kind: z.literal("linkDown"), ...span }),
  /** Every reading is this value, exactly. */
  z.strictObject({ kind: z.literal("sensorFault"), ...span, value: z.number() }),
]);

/** An alert that the default rules must open, and nobody need wonder about. */
export const expectedAlertSchema = z.strictObject({
  ruleKey: z.string().describe("Key of the default rule"),
  severity: z.enum(["warning", "critical"]),
  device,
  /** The earliest and the latest kitchen time, in event time, at which it opens. */
  opensFrom: clockTime,
  opensTo: clockTime,
  /** It clears by itself within the scenario. */
  clears: z.boolean(),
});

export const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{2,40}$/),
  title: z.string().min(1).max(120),
  /** What happens, and what a person at the screen should see. */
  story: z.string().min(1).max(1200),
  /** The part of the day worth playing: `nadi simulate` begins and ends here by default. */
  from: clockTime,
  to: clockTime,
  /** Silence is judged by when messages arrive: played faster than life it is too short. */
  needsLifeSpeed: z.boolean().default(false),
  changes: z.array(changeSchema).max(50),
  expectedAlerts: z.array(expectedAlertSchema).max(50),
  /** Rules to give to the kitchen first, in the form of the API; no default covers them. */
  kitchenRules: z.array(z.record(z.string(), z.unknown())).max(10).default([]),
  /** In words: what no default rule says yet, and which part of Nadi will. */
  notJudged: z.string().max(400).optional(),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioChange = z.output<typeof changeSchema>;
export type ExpectedAlert = z.output<typeof expectedAlertSchema>;

const builtInFolder = import.meta.dirname;

export function scenarioNames(): string[] {
  return readdirSync(builtInFolder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => path.basename(file, ".json"))
    .toSorted();
}

/** A scenario by its name, or from a file of the same form. */
export function loadScenario(nameOrFile: string): Scenario {
  const isBuiltIn = scenarioNames().includes(nameOrFile);
  const file = isBuiltIn ? path.join(builtInFolder, `${nameOrFile}.json`) : nameOrFile;
  const isFile = isBuiltIn || /[./\\]/.test(nameOrFile);
  if (!isFile) {
    const known = scenarioNames().join(", ");
    throw invalid(`There is no scenario "${nameOrFile}": take one of ${known}, or a file.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw invalid(`${nameOrFile}: can't be read as JSON.`, { cause });
  }
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path: keys, message }) => `${keys.join(".") || "scenario"} ${message}`,
  );
  throw invalid(`${nameOrFile}: ${issues.join("; ")}.`);
}

function invalid(message: string, options?: ErrorOptions): SimulatorsError {
  return new SimulatorsError("SIMULATORS_SCENARIO_INVALID", message, options);
}
