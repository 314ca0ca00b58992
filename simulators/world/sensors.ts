import { batteryPctAt, createProbeErrors, powerOnCelsius } from "../kitchen/probe.ts";
import { createScaleSignal, stockKgAt } from "../scale/signal.ts";
import { fixAt } from "../vehicle/gps.ts";
import { toCoordinates } from "../vehicle/geo.ts";
import { scaleKinds } from "./devices.ts";
import { isWithin, spanAt } from "./kitchen-clock.ts";
import {
  type KitchenDay,
  type KitchenIdentity,
  siteOf,
  spansOf,
  type StorePlace,
} from "./kitchen-day.ts";
import type { Measured, Sampling, Sensor, SimulatedDevice } from "./model.ts";
import { seedOf, wanderAt } from "./seeded.ts";

export interface SensorContext {
  identity: KitchenIdentity;
  dayAt(timeMs: number): KitchenDay;
  /** Whether this is the first reading after the power came back. */
  isPowerOn(deviceId: string, timeMs: number): boolean;
}

/** A device as it is in this kitchen; `null` for a gateway, which measures nothing itself. */
export function createSensor(context: SensorContext, device: SimulatedDevice): Sensor | null {
  const sensor = sensorOf(context, device);
  if (sensor === null) return null;
  const { scenario } = context.identity;
  const { deviceId } = device;
  return {
    ...sensor,
    measure(sampling) {
      const { startMs } = context.dayAt(sampling.timeMs);
      const faults = spansOf(scenario?.changes ?? [], "sensorFault", { deviceId, startMs });
      const measured = sensor.measure(sampling);
      if (spanAt(faults, sampling.timeMs) === undefined) return measured;
      const value = scenario?.changes.find(
        (change) => change.kind === "sensorFault" && change.device === deviceId,
      );
      return measured.map(({ reading, fields }) => ({
        reading,
        fields: Object.fromEntries(
          Object.keys(fields).map((field) => [
            field,
            value?.kind === "sensorFault" ? value.value : 0,
          ]),
        ),
      }));
    },
  };
}

function sensorOf(context: SensorContext, device: SimulatedDevice): Sensor | null {
  switch (device.kind) {
    case "gps-tracker":
      return trackerSensor(context, device);
    case "smart-scale":
      return scaleSensor(context, device);
    case "door-sensor":
      return doorSensor(context, device);
    case "climate-sensor":
      return climateSensor(context, device);
    case "temperature-probe":
      return probeSensor(context, device);
    case "gateway":
      return null;
    default:
      return device.kind satisfies never;
  }
}

function seedFor({ identity }: SensorContext, { deviceId }: SimulatedDevice): number {
  return seedOf(identity.seed, identity.sppgId, deviceId, "sensor");
}

function celsiusAt(context: SensorContext, device: SimulatedDevice, timeMs: number): number {
  const day = context.dayAt(timeMs);
  const { place, deviceId } = device;
  if (place === "cooking") return day.cooking(deviceId).curve.at(timeMs);
  if (place === "hotHolding") return day.hotHolding().at(timeMs);
  if (place === "deliveryBox") return day.box(deviceId).at(timeMs);
  // The other places with a thermometer are stores.
  return day.store((place ?? "dryStore") as StorePlace).at(timeMs);
}

function probeSensor(context: SensorContext, device: SimulatedDevice): Sensor {
  const errors = createProbeErrors(seedFor(context, device));
  return {
    device,
    truth: (timeMs) => ({ celsius: celsiusAt(context, device, timeMs) }),
    measure(sampling) {
      const celsius = context.isPowerOn(device.deviceId, sampling.timeMs)
        ? powerOnCelsius
        : errors.read(celsiusAt(context, device, sampling.timeMs), sampling);
      return [{ reading: "temperature", fields: { celsius } }];
    },
  };
}

function climateSensor(context: SensorContext, device: SimulatedDevice): Sensor {
  const seed = seedFor(context, device);
  const errors = createProbeErrors(seed);
  const humidityAt = (timeMs: number): number => 62 + 6 * wanderAt(seed, timeMs, 1_800_000);
  return {
    device,
    truth: (timeMs) => ({
      celsius: celsiusAt(context, device, timeMs),
      humidityPct: humidityAt(timeMs),
    }),
    measure(sampling) {
      const celsius = errors.read(celsiusAt(context, device, sampling.timeMs), sampling);
      const humidityPct = Number(humidityAt(sampling.timeMs).toFixed(1));
      return [
        { reading: "temperature", fields: { celsius } },
        { reading: "humidity", fields: { humidityPct } },
      ];
    },
  };
}

function doorSensor(context: SensorContext, device: SimulatedDevice): Sensor {
  const place = (device.place ?? "coldStore") as StorePlace;
  const isOpen = (timeMs: number): number =>
    spanAt(context.dayAt(timeMs).doors(place), timeMs) === undefined ? 0 : 1;
  return {
    device,
    truth: (timeMs) => ({ open: isOpen(timeMs) }),
    measure: ({ timeMs }) => [{ reading: "door", fields: { open: isOpen(timeMs) } }],
    changes(fromMs, toMs) {
      const days = new Set([context.dayAt(fromMs), context.dayAt(toMs - 1)]);
      return [...days]
        .flatMap((day) => day.doors(place).flatMap((span) => [span.fromMs, span.toMs]))
        .filter((timeMs) => isWithin({ fromMs, toMs }, timeMs));
    },
  };
}

function trackerSensor(context: SensorContext, device: SimulatedDevice): Sensor {
  const seed = seedFor(context, device);
  const site = siteOf(context.identity);
  const motionAt = (timeMs: number) => context.dayAt(timeMs).vehicle(device.deviceId).at(timeMs);
  return {
    device,
    truth(timeMs) {
      const { point, speedKmh, headingDeg } = motionAt(timeMs);
      return { ...toCoordinates(site, point), speedKmh, headingDeg };
    },
    measure(sampling: Sampling): readonly Measured[] {
      const { blind } = context.dayAt(sampling.timeMs).vehicle(device.deviceId);
      if (spanAt(blind, sampling.timeMs) !== undefined) return [];
      return [fixAt({ seed, site, motion: motionAt(sampling.timeMs), sampling })];
    },
  };
}

function scaleSensor(context: SensorContext, device: SimulatedDevice): Sensor | null {
  const kind = scaleKinds.get(device.deviceId);
  if (kind === undefined) return null;
  const { divisionKg, driftKg, habits } = kind;
  const { containerKg } = habits;
  const signal = createScaleSignal(seedFor(context, device), { divisionKg, driftKg, containerKg });
  const stockAt = (timeMs: number) => context.dayAt(timeMs).stock(device.deviceId);
  return {
    device,
    truth: (timeMs) => ({ weightKg: stockKgAt(stockAt(timeMs), timeMs) }),
    measure(sampling) {
      const { startMs } = context.dayAt(sampling.timeMs);
      const weightKg = signal.read(stockAt(sampling.timeMs), startMs, sampling);
      return [{ reading: "weight", fields: { weightKg: Number(weightKg.toFixed(3)) } }];
    },
  };
}

/** Devices without a wire to the wall tell their battery now and then. */
export function batteryOf(
  device: SimulatedDevice,
  seed: number,
  sampling: Sampling,
): number | null {
  const isMains = ["gateway-1", "hot-holding-1"].includes(device.deviceId);
  const isWired = device.place === "cooking" || device.kind === "smart-scale";
  if (isMains || isWired || sampling.index % 10 !== 0) return null;
  return batteryPctAt(seedOf(seed, device.deviceId, "cell"), sampling.timeMs);
}
