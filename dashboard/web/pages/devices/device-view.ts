import type { RouteAnswer } from "../../../contract/index.ts";
import { type Freshness, freshnessOf } from "../../components/freshness.ts";
import type { Severity } from "../../components/severity.ts";

export type Device = RouteAnswer<"listDevices">["devices"][number];
export type Statuses = RouteAnswer<"readDeviceStatus">;
export type Status = Statuses["statuses"][number];
export type MqttDoor = Statuses["mqtt"];
export type DeviceLogin = RouteAnswer<"addDevice">["login"];

/** What is to be done about a device first; one that its gateway's silence covers has none. */
export type Advice =
  | { kind: "gatewaySilent"; children: number }
  | { kind: "disconnected" | "mute"; sinceMs: number }
  | { kind: "silent" | "missing" }
  | { kind: "rejected"; count: number }
  | { kind: "battery"; batteryPct: number };

export interface DeviceView {
  device: Device;
  /** `null` until it was read. */
  status: Status | null;
  /** Of whatever it has sent, in the page's clock; `null`: never heard. */
  heardAtMs: number | null;
  freshness: Freshness;
  advice: Advice | null;
  /** `null`: nothing to show beside its age. */
  severity: Severity | null;
}

/** A group of the table: a gateway and what is below it, or all that have none. */
export interface DeviceGroup {
  gateway: DeviceView | null;
  children: readonly DeviceView[];
}

/** What was mended is not to be looked at any more an hour later; the table still counts it. */
const rejectedMsMax = 3_600_000;
const lowBatteryPct = 20;
const naturally = new Intl.Collator("en", { numeric: true });

export interface DeviceFacts {
  devices: readonly Device[];
  /** Times of hearing in the page's clock already. */
  statuses: readonly Status[];
  /** What the live link has heard since. */
  heard: ReadonlyMap<string, number>;
  nowMs: number;
}

/** Every device as it stands now, in the order of their ids. */
export function viewDevices(facts: DeviceFacts): DeviceView[] {
  const statusOf = new Map(facts.statuses.map((status) => [status.deviceId, status]));
  const plain = facts.devices
    .toSorted((a, b) => naturally.compare(a.deviceId, b.deviceId))
    .map((device) => {
      const status = statusOf.get(device.deviceId) ?? null;
      const live = facts.heard.get(device.deviceId) ?? null;
      const heardAtMs = newest(status?.receivedTimeMs ?? null, live);
      const { expectedIntervalSeconds } = device;
      const freshness = freshnessOf(
        { lastHeardAtMs: heardAtMs, expectedIntervalSeconds },
        facts.nowMs,
      );
      return { device, status, heardAtMs, freshness };
    });
  const silentGateways = new Set(
    plain
      .filter(({ device, freshness }) => isSilentGateway(device, freshness))
      .map(({ device }) => device.deviceId),
  );
  return plain.map((view) => {
    const { gatewayId } = view.device;
    const isCovered = gatewayId !== null && silentGateways.has(gatewayId);
    const children = facts.devices.filter(
      (other) => other.enabled && other.gatewayId === view.device.deviceId,
    ).length;
    const advice = isCovered ? null : adviceOf(view, { children, nowMs: facts.nowMs });
    return { ...view, advice, severity: severityOf(view, advice) };
  });
}

/** Gateways first, each with its own; then what connects itself. */
export function groupDevices(views: readonly DeviceView[]): DeviceGroup[] {
  const gateways = views.filter(({ device }) => device.kind === "gateway");
  const groups = gateways.map((gateway) => ({
    gateway,
    children: views.filter(({ device }) => device.gatewayId === gateway.device.deviceId),
  }));
  const alone = views.filter(
    ({ device }) => device.kind !== "gateway" && device.gatewayId === null,
  );
  return alone.length === 0 ? groups : [...groups, { gateway: null, children: alone }];
}

const adviceOrder: readonly Advice["kind"][] = [
  "gatewaySilent",
  "disconnected",
  "mute",
  "silent",
  "rejected",
  "battery",
  "missing",
];

/** Worst first. */
export function adviseFirst(views: readonly DeviceView[]): (DeviceView & { advice: Advice })[] {
  return views
    .filter((view): view is DeviceView & { advice: Advice } => view.advice !== null)
    .toSorted((a, b) => adviceOrder.indexOf(a.advice.kind) - adviceOrder.indexOf(b.advice.kind));
}

function adviceOf(
  view: Pick<DeviceView, "device" | "status" | "freshness">,
  { children, nowMs }: { children: number; nowMs: number },
): Advice | null {
  const { device, status, freshness } = view;
  if (!device.enabled || status === null) return null;
  if (isSilentGateway(device, freshness)) return { kind: "gatewaySilent", children };
  const { presence, deadLetters, batteryPct } = status;
  if (freshness === "silent") {
    if (presence === null) return { kind: "silent" };
    return { kind: presence.isOnline ? "mute" : "disconnected", sinceMs: presence.sinceMs };
  }
  const { newestAtMs, kept } = deadLetters;
  if (newestAtMs !== null && nowMs - newestAtMs < rejectedMsMax) {
    return { kind: "rejected", count: kept };
  }
  if (freshness === "missing") return { kind: "missing" };
  return batteryPct !== null && batteryPct <= lowBatteryPct
    ? { kind: "battery", batteryPct }
    : null;
}

function severityOf(
  { device, freshness }: Pick<DeviceView, "device" | "freshness">,
  advice: Advice | null,
): Severity | null {
  if (!device.enabled) return null;
  if (freshness === "silent") return "silent";
  if (advice?.kind === "rejected" || advice?.kind === "battery") return "warning";
  return null;
}

function isSilentGateway(device: Device, freshness: Freshness): boolean {
  return device.enabled && device.kind === "gateway" && freshness === "silent";
}

function newest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
