import type { KitchenTimeZone } from "../../devices/index.ts";
import type { Scenario } from "../scenarios/scenario.ts";
import { kitchenDevices } from "./devices.ts";
import { createKitchenClock, spanAt } from "./kitchen-clock.ts";
import { createKitchenDays, type KitchenDay, type KitchenIdentity } from "./kitchen-day.ts";
import type { Measured, PublishEvent, Sensor, SimulatedDevice, WorldEvent } from "./model.ts";
import { type Outage, outagesOf } from "./outages.ts";
import { createSensor } from "./sensors.ts";
import { createDeviceStream } from "./stream.ts";

export interface KitchenWorldOptions {
  seed: number;
  sppgId: string;
  timeZone: KitchenTimeZone;
  scenario?: Scenario | null;
  /** Moves the kitchen's day, so that a scenario of the night can be seen at noon. */
  clockShiftMs?: number;
}

/**
 * A kitchen that does not exist, as a pure function of its options and the time: no state, no
 * clock, no order in which it must be asked.
 */
export interface KitchenWorld {
  sppgId: string;
  timeZone: KitchenTimeZone;
  scenario: Scenario | null;
  devices: readonly SimulatedDevice[];
  /** The devices that sign in themselves; a gateway carries its children. */
  connections: readonly string[];
  /** What leaves the devices in `[fromMs, toMs)`, in order; adjoining spans lose nothing. */
  events(fromMs: number, toMs: number): WorldEvent[];
  /** What was measured in `[fromMs, toMs)`, as backlogs that leave at `toMs`. */
  history(fromMs: number, toMs: number): PublishEvent[];
  /** What a device would measure at a moment, whether or not it is due. */
  sample(deviceId: string, timeMs: number): readonly Measured[];
  /** What is the case, before noise and faults. */
  truth(deviceId: string, timeMs: number): Readonly<Record<string, number>>;
  /** Whether a connection has its network. */
  isLinked(deviceId: string, timeMs: number): boolean;
  /** The plan of the kitchen's own day that a moment lies in. */
  day(timeMs: number): KitchenDay;
}

export function createKitchenWorld(options: KitchenWorldOptions): KitchenWorld {
  const { seed, sppgId, timeZone, scenario = null, clockShiftMs = 0 } = options;
  const clock = createKitchenClock(timeZone, clockShiftMs);
  const identity: KitchenIdentity = { seed, sppgId, clock, scenario };
  const days = createKitchenDays(identity);
  const day = (timeMs: number): KitchenDay => days(clock.dayOf(timeMs));
  const outages = createOutages(identity);
  const connections = kitchenDevices.filter(({ gatewayId }) => gatewayId === null);
  const isPowerOn = (deviceId: string, timeMs: number): boolean => {
    const { intervalSeconds = 0 } =
      kitchenDevices.find((device) => device.deviceId === deviceId) ?? {};
    return outages
      .between(deviceId, timeMs - intervalSeconds * 1000, timeMs)
      .some(
        ({ isPowerCut, toMs }) =>
          isPowerCut && toMs <= timeMs && timeMs - toMs < intervalSeconds * 1000,
      );
  };
  const sensors = new Map<string, Sensor>(
    kitchenDevices.flatMap((device) => {
      const sensor = createSensor({ identity, dayAt: day, isPowerOn }, device);
      return sensor === null ? [] : [[device.deviceId, sensor] as const];
    }),
  );
  const streams = connections.map((device) =>
    createDeviceStream({
      seed,
      sppgId,
      device,
      sensors: [...sensors.values()].filter(
        (sensor) => (sensor.device.gatewayId ?? sensor.device.deviceId) === device.deviceId,
      ),
      outagesBetween: (fromMs, toMs) => outages.between(device.deviceId, fromMs, toMs),
    }),
  );
  return {
    sppgId,
    timeZone,
    scenario,
    devices: kitchenDevices,
    connections: connections.map(({ deviceId }) => deviceId),
    events(fromMs, toMs) {
      const events: WorldEvent[] = streams.flatMap((stream) => [
        ...stream.links(fromMs, toMs),
        ...stream.publishes(fromMs, toMs),
      ]);
      // The sort is stable, so that equal times keep the order of the devices.
      return events.toSorted((a, b) => a.timeMs - b.timeMs);
    },
    history: (fromMs, toMs) => streams.flatMap((stream) => stream.history(fromMs, toMs)),
    sample: (deviceId, timeMs) =>
      sensors.get(deviceId)?.measure({ timeMs, index: Math.floor(timeMs / 1000) }) ?? [],
    truth: (deviceId, timeMs) => sensors.get(deviceId)?.truth(timeMs) ?? {},
    isLinked: (deviceId, timeMs) =>
      spanAt(outages.between(deviceId, timeMs, timeMs + 1), timeMs) === undefined,
    day,
  };
}

/** Days whose outages are kept, of each connection. */
const outageDaysMax = 4;

function createOutages(identity: KitchenIdentity) {
  const known = new Map<string, Map<number, readonly Outage[]>>();
  const ofDay = (device: SimulatedDevice, day: number): readonly Outage[] => {
    const days = known.get(device.deviceId) ?? new Map<number, readonly Outage[]>();
    known.set(device.deviceId, days);
    const made =
      days.get(day) ?? outagesOf(identity, device, { day, startMs: identity.clock.startOf(day) });
    days.set(day, made);
    for (const old of days.keys()) {
      if (days.size <= outageDaysMax) break;
      days.delete(old);
    }
    return made;
  };
  const devices = new Map(kitchenDevices.map((device) => [device.deviceId, device]));
  return {
    /** Those that touch the span or end within the minutes before it. */
    between(deviceId: string, fromMs: number, toMs: number): Outage[] {
      const device = devices.get(deviceId);
      if (device === undefined) return [];
      const found: Outage[] = [];
      const first = identity.clock.dayOf(fromMs);
      const last = identity.clock.dayOf(Math.max(fromMs, toMs - 1));
      for (let day = first; day <= last; day += 1) {
        found.push(
          ...ofDay(device, day).filter((span) => span.toMs >= fromMs && span.fromMs < toMs),
        );
      }
      return found;
    },
  };
}
