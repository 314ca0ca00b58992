import fc from "fast-check";
import { expect } from "vitest";
import { flagBits, type JournaledReading } from "../../../ingest/decode/decoded.ts";
import type { History, TelemetryStore } from "../../../ingest/store/store.ts";
import { createModel } from "./model.ts";
import { celsius, dayMs, readingAt, startMs } from "./readings.ts";

/** An empty store that can be closed and opened again over what it has written. */
export interface ModelledStore {
  history: History;
  open(): TelemetryStore;
  maintain(store: TelemetryStore, nowMs: number): Promise<void>;
  /** What only this adapter can be asked; `readings`: how many it must hold. */
  verify(readings: number): Promise<void>;
  remove(): Promise<void>;
}

const devices = ["probe-1", "probe-2"] as const;

/** Quarters: their sums are exact in any order, so that means can be compared as they are. */
const value = fc.integer({ min: -400, max: 400 }).map((quarters) => quarters / 4);
/** Dense around a few places: the edges of minutes, hours and days are met often. */
const time = fc
  .tuple(
    fc.constantFrom(-8 * dayMs, -dayMs, 0, 3_600_000, 5 * 3_600_000, dayMs - 60_000),
    fc.oneof(fc.integer({ min: 0, max: 180_000 }), fc.integer({ min: 0, max: 8_000_000 })),
    fc.constantFrom(1, 1000, 60_000),
  )
  .map(([place, offset, grain]) => startMs + place + Math.floor(offset / grain) * grain);

const reading: fc.Arbitrary<JournaledReading> = fc
  .record({
    deviceId: fc.constantFrom(...devices),
    time,
    seq: fc.constantFrom(null, 0, 1, 7),
    value,
    flags: fc.constantFrom(0, 0, 0, flagBits.implausible, flagBits.clockSuspect),
    hasTime: fc.boolean(),
    lateMs: fc.constantFrom(0, 1_000, 90_000, dayMs),
  })
  .map((given) => {
    const isSuspect = (given.flags & flagBits.clockSuspect) !== 0;
    const originalTimeMs = isSuspect ? given.time % 7_000 : given.hasTime ? given.time : null;
    return readingAt(given.time, {
      deviceId: given.deviceId,
      originalTimeMs,
      seq: given.seq,
      flags: given.flags,
      receivedTimeMs: given.time + (originalTimeMs === null ? 0 : given.lateMs),
      fields: { celsius: given.value },
    });
  });

const query = fc
  .record({
    deviceId: fc.constantFrom(...devices),
    edges: fc.tuple(time, time),
    shiftMs: fc.constantFrom(0, 1, -1, 500),
    pointsMax: fc.constantFrom(1, 20, 300, 2_000),
  })
  .map(({ deviceId, edges: [a, b], shiftMs, pointsMax }) => {
    const [fromMs, toMs] = [Math.min(a, b), Math.max(a, b) + 1 + Math.abs(shiftMs)];
    return { ...celsius, deviceId, fromMs: fromMs + shiftMs, toMs, pointsMax };
  });

type Step =
  | { kind: "write"; readings: JournaledReading[] }
  | { kind: "again" }
  | { kind: "reopen" }
  | { kind: "maintain"; days: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.array(reading, { maxLength: 30 }).map(toWrite) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "again" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "reopen" }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 12 }).map(toMaintain) },
);

function toWrite(readings: JournaledReading[]): Step {
  return { kind: "write", readings };
}

function toMaintain(days: number): Step {
  return { kind: "maintain", days };
}

type BucketsAsked = typeof query extends fc.Arbitrary<infer Asked> ? Asked : never;

async function check(
  create: () => Promise<ModelledStore>,
  steps: readonly Step[],
  queries: readonly BucketsAsked[],
): Promise<void> {
  const model = createModel();
  const modelled = await create();
  const { history } = modelled;
  let store = modelled.open();
  let written: JournaledReading[] = [];
  let stored = 0;
  try {
    for (const one of steps) {
      if (one.kind === "write") {
        written = [...written, ...one.readings];
        model.write(one.readings);
        stored += (await store.write(one.readings)).stored;
      }
      if (one.kind === "again") stored += (await store.write(written)).stored;
      if (one.kind === "maintain") await modelled.maintain(store, startMs + one.days * dayMs);
      if (one.kind === "reopen") {
        await store.close();
        store = modelled.open();
      }
    }
    for (const asked of queries) {
      expect(await history.buckets(asked)).toEqual(model.buckets(asked));
    }
    const latest = await history.latest(celsius.sppgId);
    for (const deviceId of devices) {
      const found = latest.find((one) => one.deviceId === deviceId)?.value ?? null;
      expect(found).toBe(model.latest(deviceId));
    }
    expect(stored).toBe(model.count());
    await modelled.verify(model.count());
  } finally {
    await history.close();
    await store.close();
    await modelled.remove();
  }
}

/** Any order of writes, repeats, restarts and upkeep answers as a recount of all does. */
export function storeModel(create: () => Promise<ModelledStore>) {
  const steps = fc.array(step, { minLength: 1, maxLength: 8 });
  const queries = fc.array(query, { minLength: 1, maxLength: 6 });
  return fc.asyncProperty(steps, queries, (s, q) => check(create, s, q));
}
