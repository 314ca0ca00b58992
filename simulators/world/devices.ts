import type { StockHabits } from "../scale/stock.ts";
import type { ScaleErrors } from "../scale/signal.ts";
import type { SimulatedDevice } from "./model.ts";

/** Every simulated kitchen's: each place, 2 vehicles, 4 scales, a gateway with 2 children. */
export const kitchenDevices: readonly SimulatedDevice[] = [
  probe("cook-probe-1", "cooking", 10),
  probe("cook-probe-2", "cooking", 10),
  probe("hot-holding-1", "hotHolding", 30),
  probe("cold-store-1", "coldStore", 30),
  {
    deviceId: "cold-store-door-1",
    name: null,
    kind: "door-sensor",
    place: "coldStore",
    gatewayId: null,
    intervalSeconds: 60,
    readings: ["door"],
  },
  {
    deviceId: "gateway-1",
    name: null,
    kind: "gateway",
    place: null,
    gatewayId: null,
    intervalSeconds: 60,
    readings: [],
  },
  { ...probe("freezer-1", "freezer", 60), gatewayId: "gateway-1" },
  {
    deviceId: "dry-store-1",
    name: null,
    kind: "climate-sensor",
    place: "dryStore",
    gatewayId: "gateway-1",
    intervalSeconds: 60,
    readings: ["temperature", "humidity"],
  },
  tracker("vehicle-1"),
  tracker("vehicle-2"),
  probe("box-1", "deliveryBox", 30),
  probe("box-2", "deliveryBox", 30),
  scale("scale-rice", "Beras"),
  scale("scale-chicken", "Ayam"),
  scale("scale-vegetables", "Sayuran"),
  scale("scale-oil", "Minyak goreng"),
];

/** Whose readings a vehicle's box shows. */
export const vehicleOfBox: ReadonlyMap<string, string> = new Map([
  ["box-1", "vehicle-1"],
  ["box-2", "vehicle-2"],
]);

/** When each cooking probe goes into a pot, in minutes after midnight: the youngest eat first. */
export const cookingBegins: ReadonlyMap<string, readonly number[]> = new Map([
  ["cook-probe-1", [20, 145, 270, 400]],
  ["cook-probe-2", [80, 210, 340]],
]);

export interface ScaleKind extends ScaleErrors {
  habits: StockHabits;
}

/** About 3,000 portions: 90 g of rice, 70 g of chicken, 60 g of vegetables each. */
export const scaleKinds: ReadonlyMap<string, ScaleKind> = new Map([
  [
    "scale-rice",
    {
      divisionKg: 0.1,
      driftKg: 0.6,
      habits: {
        midnightKg: [360, 440],
        useKg: [255, 290],
        nightShare: 0.8,
        withdrawals: [6, 9],
        containerKg: null,
      },
    },
  ],
  [
    "scale-chicken",
    {
      divisionKg: 0.05,
      driftKg: 0.3,
      habits: {
        midnightKg: [215, 260],
        useKg: [180, 210],
        nightShare: 0.7,
        withdrawals: [5, 8],
        containerKg: null,
      },
    },
  ],
  [
    "scale-vegetables",
    {
      divisionKg: 0.05,
      driftKg: 0.2,
      habits: {
        midnightKg: [190, 230],
        useKg: [150, 180],
        nightShare: 0.4,
        withdrawals: [6, 10],
        containerKg: null,
      },
    },
  ],
  [
    "scale-oil",
    {
      divisionKg: 0.02,
      driftKg: 0.05,
      habits: {
        midnightKg: [28, 36],
        useKg: [14, 19],
        nightShare: 0.7,
        withdrawals: [3, 5],
        containerKg: 2.4,
      },
    },
  ],
]);

function probe(
  deviceId: string,
  place: SimulatedDevice["place"],
  intervalSeconds: number,
): SimulatedDevice {
  return {
    deviceId,
    name: null,
    kind: "temperature-probe",
    place,
    gatewayId: null,
    intervalSeconds,
    readings: ["temperature"],
  };
}

function tracker(deviceId: string): SimulatedDevice {
  return {
    deviceId,
    name: null,
    kind: "gps-tracker",
    place: "vehicle",
    gatewayId: null,
    intervalSeconds: 10,
    readings: ["position"],
  };
}

function scale(deviceId: string, name: string): SimulatedDevice {
  return {
    deviceId,
    name,
    kind: "smart-scale",
    place: "stockScale",
    gatewayId: null,
    intervalSeconds: 30,
    readings: ["weight"],
  };
}
