import type { DeviceKind, DevicePlace, ReadingName } from "../../../devices/browser.ts";
import { liveAddress } from "../../../devices/browser.ts";
import {
  type AlertRow,
  type HeardDevice,
  type Kitchen,
  type KitchenState,
  openAlerts,
  type SensorValues,
} from "./kitchen-state.ts";

/** One thing that is measured at one place, also before its first value. */
export interface Sensor {
  /** Stable over the page's life: `device/channel/reading`. */
  key: string;
  deviceId: string;
  /** What people call its device; `null`: by place and number. */
  name: string | null;
  kind: DeviceKind;
  place: DevicePlace;
  gatewayId: string | null;
  expectedIntervalSeconds: number;
  channel: string;
  /** `null` while nothing has ever come. */
  reading: ReadingName | null;
  values: SensorValues | null;
  /** Which of its kind at its place, from 1; `null` if it is the only one. */
  number: number | null;
  /** Whether the device has further sensors of the same reading. */
  hasSiblings: boolean;
}

export interface DomainView {
  kitchen: Kitchen;
  /** In the order of their devices' ids: it does not change under a finger. */
  sensors: readonly Sensor[];
  /** Open ones, worst first. */
  alerts: readonly AlertRow[];
}

/** Freshness of cooking, hot holding and stores. */
export type Production = DomainView;
/** Vehicles and delivery boxes. */
export type Distribution = DomainView;
/** Scales. */
export type Inventory = DomainView;

export interface Notifications {
  kitchen: Kitchen;
  /** Open ones of every domain, worst first. */
  alerts: readonly AlertRow[];
  unacknowledgedCount: number;
  /** There are more than the page was told of. */
  hasMoreAlerts: boolean;
}

type MeasuredDomain = AlertRow["domain"];

/** `null` before the first snapshot. */
export function viewDomain(state: KitchenState, domain: MeasuredDomain): DomainView | null {
  if (state.kitchen === null) return null;
  const devices = state.devices
    .filter(({ enabled }) => enabled)
    .toSorted((a, b) => naturally.compare(a.deviceId, b.deviceId));
  const sensors = devices.flatMap((device) => {
    const { place } = device;
    if (place === null || liveAddress(state.sppgId, place).domain !== domain) return [];
    return sensorsOf({ ...device, place }, state, numberOf(device, devices));
  });
  return { kitchen: state.kitchen, sensors, alerts: openAlerts(state, [domain]) };
}

/** By the map of alerts, which stays the same while values alone change. */
const notificationsOf = new WeakMap<object, Notifications>();

export function viewNotifications(state: KitchenState): Notifications | null {
  if (state.kitchen === null) return null;
  const known = notificationsOf.get(state.alerts);
  if (known !== undefined) return known;
  const alerts = openAlerts(state, ["production", "distribution", "inventory"]);
  const unacknowledgedCount = alerts.filter(({ response }) => response !== "acknowledged").length;
  return {
    kitchen: state.kitchen,
    alerts,
    unacknowledgedCount,
    hasMoreAlerts: state.hasMoreAlerts,
  };
}

const naturally = new Intl.Collator("en", { numeric: true });

function numberOf(device: HeardDevice, devices: readonly HeardDevice[]): number | null {
  const alike = devices.filter(({ place, kind }) => place === device.place && kind === device.kind);
  return alike.length < 2 ? null : alike.indexOf(device) + 1;
}

function sensorsOf(
  device: HeardDevice & { place: DevicePlace },
  state: KitchenState,
  number: number | null,
): Sensor[] {
  const { deviceId, name, kind, place, gatewayId, expectedIntervalSeconds } = device;
  const facts = { deviceId, name, kind, place, gatewayId, expectedIntervalSeconds, number };
  const heard = [...state.sensors.values()]
    .filter((values) => values.deviceId === deviceId)
    .toSorted((a, b) => naturally.compare(a.key, b.key));
  if (heard.length === 0) {
    const nothing = { channel: "0", reading: null, values: null, hasSiblings: false };
    return [{ ...facts, key: deviceId, ...nothing }];
  }
  return heard.map((values) => {
    const { key, channel, reading } = values;
    const hasSiblings = heard.some((other) => other !== values && other.reading === reading);
    return { ...facts, key, channel, reading, values, hasSiblings };
  });
}
