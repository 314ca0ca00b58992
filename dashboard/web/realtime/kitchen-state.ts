import {
  comparePositions,
  type DevicePlace,
  liveAddress,
  type LiveReading,
  type ReadingFlag,
  type ReadingName,
  type RealtimeMessage,
} from "../../../devices/browser.ts";
import type { RouteAnswer } from "../../contract/index.ts";

export type Snapshot = RouteAnswer<"readSnapshot">;
export type Kitchen = Snapshot["kitchen"];
export type HeardDevice = Snapshot["devices"][number];
export type AlertRow = Snapshot["alerts"][number];
type AlertMessage = Extract<RealtimeMessage, { type: `${string}_alert` }>;

/** One sensor's newest good values. */
export interface SensorValues {
  /** `device/channel/reading` */
  key: string;
  deviceId: string;
  channel: string;
  reading: ReadingName;
  place: DevicePlace;
  domain: AlertRow["domain"];
  /** `null` while it has sent nothing but faults. */
  fields: Readonly<Record<string, number>> | null;
  eventTimeMs: number;
  /** The page's clock. Faulty values count: they prove the sensor alive. */
  receivedTimeMs: number;
  batteryPct: number | null;
  /** Of the newest reading, which a flag keeps out of the values. */
  flags: readonly ReadingFlag[];
  position: string;
}

interface HeldAlert {
  alert: AlertRow;
  /** The number of the batch that it came with. */
  heardIn: number;
}

/** Everything that a page knows of one kitchen. Immutable: a change makes another. */
export interface KitchenState {
  sppgId: string;
  kitchen: Kitchen | null;
  devices: readonly HeardDevice[];
  /** Of the newest snapshot; live values at or below it are older. */
  position: string | null;
  sensors: ReadonlyMap<string, SensorValues>;
  /** Also resolved ones that were heard of since the snapshot: an older answer may still come. */
  alerts: ReadonlyMap<string, HeldAlert>;
  hasMoreAlerts: boolean;
  /** Batches applied so far. */
  batch: number;
}

export function emptyKitchen(sppgId: string): KitchenState {
  const nothing = { kitchen: null, devices: [], position: null, hasMoreAlerts: false };
  return { sppgId, ...nothing, sensors: new Map(), alerts: new Map(), batch: 0 };
}

export interface HeardMessage {
  message: RealtimeMessage;
  /** The page's clock. */
  receivedTimeMs: number;
}

/** What came from the topics, in order. The same state if nothing of it is news. */
export function applyMessages(state: KitchenState, heard: readonly HeardMessage[]): KitchenState {
  // Copied only if something of theirs is news: who looks at alerts alone goes by the map.
  const sensors = new Map<string, SensorValues>();
  const alerts = new Map<string, HeldAlert>();
  const batch = state.batch + 1;
  for (const { message, receivedTimeMs } of heard) {
    if (message.sppgId !== state.sppgId) continue;
    if (isAlert(message)) {
      const { alertId } = message.data;
      const known = alerts.get(alertId) ?? state.alerts.get(alertId);
      alerts.set(alertId, { alert: fromMessage(message, known?.alert), heardIn: batch });
    } else if (message.type !== "collaboration" && message.type !== "notification") {
      const { data, position } = message;
      if (state.position !== null && comparePositions(position, state.position) <= 0) continue;
      const key = sensorKey(data);
      const known = sensors.get(key) ?? state.sensors.get(key);
      const next = applyReading(known, { data, position, receivedTimeMs, state });
      if (next !== null) sensors.set(key, next);
    }
  }
  if (sensors.size === 0 && alerts.size === 0) return state;
  return {
    ...state,
    sensors: sensors.size === 0 ? state.sensors : new Map([...state.sensors, ...sensors]),
    alerts: alerts.size === 0 ? state.alerts : new Map([...state.alerts, ...alerts]),
    batch,
  };
}

/**
 * The kitchen as the server told it. What came live while it was on its way is kept: values by
 * their position, alerts by having been heard since `askedInBatch`.
 */
export function applySnapshot(
  state: KitchenState,
  snapshot: Snapshot,
  askedInBatch: number,
): KitchenState {
  const { kitchen, devices, position, latest, hasMoreAlerts } = snapshot;
  // Answers may overtake each other.
  if (state.position !== null && comparePositions(position, state.position) < 0) return state;
  const { sppgId } = state;
  const sensors = new Map<string, SensorValues>();
  for (const reading of latest) {
    const { receivedTimeMs } = reading;
    const values = fromReading(reading, { sppgId, position, receivedTimeMs });
    sensors.set(values.key, values);
  }
  for (const [key, values] of state.sensors) {
    if (comparePositions(values.position, position) > 0) sensors.set(key, values);
  }
  const batch = state.batch + 1;
  const alerts = new Map<string, HeldAlert>(
    snapshot.alerts.map((alert) => [alert.alertId, { alert, heardIn: batch }]),
  );
  for (const [alertId, held] of state.alerts) {
    if (held.heardIn > askedInBatch) alerts.set(alertId, held);
  }
  return { sppgId, kitchen, devices, position, sensors, alerts, hasMoreAlerts, batch };
}

/** What a call has answered about one alert: newest by its count of changes. */
export function applyAlert(state: KitchenState, alert: AlertRow): KitchenState {
  const known = state.alerts.get(alert.alertId)?.alert;
  if (known !== undefined && known.changeCount > alert.changeCount) return state;
  const batch = state.batch + 1;
  const alerts = new Map(state.alerts).set(alert.alertId, { alert, heardIn: batch });
  return { ...state, alerts, batch };
}

/** Open ones of these domains, worst first and then newest. */
export function openAlerts(
  state: KitchenState,
  domains: readonly AlertRow["domain"][],
): readonly AlertRow[] {
  return [...state.alerts.values()]
    .map(({ alert }) => alert)
    .filter((alert) => !alert.isResolved && domains.includes(alert.domain))
    .toSorted(compareAlerts);
}

const severityOrder = ["critical", "warning", "info"];

/** Unacknowledged before acknowledged, then by severity, then newest first. */
export function compareAlerts(a: AlertRow, b: AlertRow): number {
  return (
    Number(a.response === "acknowledged") - Number(b.response === "acknowledged") ||
    severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity) ||
    b.openedAtMs - a.openedAtMs ||
    a.alertId.localeCompare(b.alertId)
  );
}

export function sensorKey({ deviceId, channel, reading }: LiveReading): string {
  return `${deviceId}/${channel}/${reading}`;
}

function isAlert(message: RealtimeMessage): message is AlertMessage {
  return message.type.endsWith("_alert");
}

interface Arrived {
  data: LiveReading;
  position: string;
  receivedTimeMs: number;
  state: KitchenState;
}

/** `null`: nothing new. Messages of a sensor may repeat, and backlogs are older than its value. */
function applyReading(known: SensorValues | undefined, arrived: Arrived): SensorValues | null {
  const { data, position, receivedTimeMs, state } = arrived;
  if (known === undefined) {
    return fromReading(data, { sppgId: state.sppgId, position, receivedTimeMs });
  }
  if (comparePositions(position, known.position) < 0) return null;
  const heard = { ...known, position, receivedTimeMs };
  // Also a value whose time nobody believes proves the sensor alive.
  if (data.flags.length > 0) return { ...heard, flags: data.flags };
  if (known.fields !== null && data.eventTimeMs < known.eventTimeMs) return heard;
  const { fields, eventTimeMs, batteryPct = known.batteryPct } = data;
  return { ...heard, fields, eventTimeMs, batteryPct, flags: [] };
}

function fromReading(
  data: LiveReading,
  facts: { sppgId: string; position: string; receivedTimeMs: number },
): SensorValues {
  const { deviceId, channel, reading, place, fields, eventTimeMs, flags } = data;
  const { sppgId, position, receivedTimeMs } = facts;
  return {
    key: sensorKey(data),
    deviceId,
    channel,
    reading,
    place,
    domain: liveAddress(sppgId, place).domain,
    fields: flags.length === 0 ? fields : null,
    eventTimeMs,
    receivedTimeMs,
    batteryPct: data.batteryPct ?? null,
    flags,
    position,
  };
}

/** The whole row comes each time, but for its count of changes and what only people see. */
function fromMessage(message: AlertMessage, known: AlertRow | undefined): AlertRow {
  const { data, sppgId, domain } = message;
  const { changeCount = 0, note = null, clearedBy = null } = known ?? {};
  return {
    ...data,
    sppgId,
    domain,
    isResolved: isResolved(data),
    changeCount,
    note,
    clearedBy: data.condition === "cleared" ? clearedBy : null,
  };
}

/** As the desk decides it: a broken critical limit ends only with what was done about it. */
function isResolved(alert: AlertMessage["data"]): boolean {
  if (alert.condition !== "cleared" || alert.response !== "acknowledged") return false;
  return alert.severity !== "critical" || alert.correctiveAction !== null;
}
