import type { CookingDay } from "../kitchen/cooking.ts";
import { cookingDay } from "../kitchen/cooking.ts";
import type { Curve } from "../kitchen/curve.ts";
import { doorHabits, doorOpenings, hotHoldingDay, storeDay } from "../kitchen/stores.ts";
import type { StockDay } from "../scale/stock.ts";
import { stockDay } from "../scale/stock.ts";
import type { Scenario, ScenarioChange } from "../scenarios/scenario.ts";
import { boxDay, goodBoxPerHour } from "../vehicle/box.ts";
import { kitchenSites, type RealPlace } from "../vehicle/places.ts";
import { vehicleDay, type VehicleDay } from "../vehicle/trips.ts";
import { cookingBegins, scaleKinds, vehicleOfBox } from "./devices.ts";
import { type KitchenClock, minuteMs, minutesOf, type Span } from "./kitchen-clock.ts";
import { drawsOf, seedOf } from "./seeded.ts";

export type StorePlace = "coldStore" | "freezer" | "dryStore";

/** All that happens in a kitchen between two midnights; parts are made when first asked for. */
export interface KitchenDay {
  day: number;
  startMs: number;
  doors(place: StorePlace): readonly Span[];
  store(place: StorePlace): Curve;
  hotHolding(): Curve;
  cooking(deviceId: string): CookingDay;
  vehicle(deviceId: string): VehicleDay;
  box(deviceId: string): Curve;
  stock(deviceId: string): StockDay;
}

export interface KitchenIdentity {
  seed: number;
  sppgId: string;
  clock: KitchenClock;
  scenario: Scenario | null;
}

/** Days that are kept: a backlog and the lateness of messages reach into the day before. */
const daysMax = 3;

const storeDevices: Readonly<Record<StorePlace, string>> = {
  coldStore: "cold-store-1",
  freezer: "freezer-1",
  dryStore: "dry-store-1",
};

/** Days by number. Each depends on nothing but the identity and its number. */
export function createKitchenDays(identity: KitchenIdentity): (day: number) => KitchenDay {
  const days = new Map<number, KitchenDay>();
  return (day) => {
    const known = days.get(day);
    if (known !== undefined) return known;
    const made = kitchenDay(identity, day);
    days.set(day, made);
    for (const old of days.keys()) {
      if (days.size <= daysMax) break;
      days.delete(old);
    }
    return made;
  };
}

/** Where a simulated kitchen stands: its vehicles start there. */
export function siteOf({ seed, sppgId }: Pick<KitchenIdentity, "seed" | "sppgId">): RealPlace {
  const at = seedOf(seed, sppgId, "site") % kitchenSites.length;
  // The list is not empty.
  return kitchenSites[at] as RealPlace;
}

function kitchenDay(identity: KitchenIdentity, day: number): KitchenDay {
  const { seed, sppgId, clock, scenario } = identity;
  const startMs = clock.startOf(day);
  const changes = scenario?.changes ?? [];
  const draws = (...labels: string[]) => drawsOf(seedOf(seed, sppgId, ...labels, day));
  const doors = keep((place: StorePlace): Span[] => {
    const habits = doorOpenings(startMs, draws("doors", place), doorHabits[place]);
    const forced = spansOf(changes, "doorOpen", { deviceId: storeDevices[place], startMs });
    return [...habits.filter((span) => !forced.some((other) => overlap(span, other))), ...forced];
  });
  const vehicle = keep((deviceId: string) =>
    vehicleDay({
      seed: seedOf(seed, sppgId, deviceId),
      day,
      startMs,
      site: siteOf(identity),
      number: deviceId.endsWith("2") ? 1 : 0,
      breakdowns: new Map(
        of(changes, "breakdown", deviceId).map(({ wave, minutes }) => [wave, minutes]),
      ),
    }),
  );
  const hotHolding = keep(() => hotHoldingDay(startMs, draws("hotHolding")));
  return {
    day,
    startMs,
    doors,
    vehicle,
    store: keep((place: StorePlace) => {
      const ids = { deviceId: storeDevices[place], startMs };
      const failures = spansOf(changes, "compressorDead", ids);
      return storeDay(place, { startMs, doors: doors(place), failures });
    }),
    hotHolding: () => hotHolding("hot-holding-1"),
    cooking: keep((deviceId: string) =>
      cookingDay({
        startMs,
        begins: cookingBegins.get(deviceId) ?? [],
        draws: draws("cooking", deviceId),
        peaks: new Map(
          of(changes, "undercooked", deviceId).map(({ batch, peakCelsius }) => [
            batch,
            peakCelsius,
          ]),
        ),
      }),
    ),
    box: keep((deviceId: string) => {
      const { trips } = vehicle(vehicleOfBox.get(deviceId) ?? "vehicle-1");
      const perHour = of(changes, "boxSeal", deviceId)[0]?.perHour ?? goodBoxPerHour;
      return boxDay(startMs, trips, perHour);
    }),
    stock: keep((deviceId: string) => stockOf(identity, { deviceId, day, startMs })),
  };
}

function stockOf(
  { seed, sppgId, scenario }: KitchenIdentity,
  { deviceId, day, startMs }: { deviceId: string; day: number; startMs: number },
): StockDay {
  const kind = scaleKinds.get(deviceId);
  if (kind === undefined) return { midnightKg: 0, events: [] };
  const [change] = of(scenario?.changes ?? [], "stockRunOut", deviceId);
  const trouble = change && {
    useFactor: change.useFactor,
    receiptMinutes: minutesOf(change.receiptAt),
  };
  const stockSeed = seedOf(seed, sppgId, deviceId);
  return stockDay({ seed: stockSeed, habits: kind.habits, day, startMs, trouble });
}

type ChangeOf<Kind extends ScenarioChange["kind"]> = Extract<ScenarioChange, { kind: Kind }>;

/** The changes of one kind that a device has. */
export function of<Kind extends ScenarioChange["kind"]>(
  changes: readonly ScenarioChange[],
  kind: Kind,
  deviceId: string,
): ChangeOf<Kind>[] {
  return changes.filter(
    (change): change is ChangeOf<Kind> => change.kind === kind && change.device === deviceId,
  );
}

/** As `of`, as moments of one day. */
export function spansOf(
  changes: readonly ScenarioChange[],
  kind: "compressorDead" | "doorOpen" | "linkDown" | "sensorFault",
  { deviceId, startMs }: { deviceId: string; startMs: number },
): Span[] {
  return of(changes, kind, deviceId).map(({ from, to }) => ({
    fromMs: startMs + Math.round(minutesOf(from) * minuteMs),
    toMs: startMs + Math.round(minutesOf(to) * minuteMs),
  }));
}

function overlap(a: Span, b: Span): boolean {
  return a.fromMs < b.toMs && b.fromMs < a.toMs;
}

/** Makes each answer once. */
function keep<Key extends string, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
