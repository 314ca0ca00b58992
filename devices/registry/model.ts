/** The time zones of Indonesia by their IANA names: WIB, WITA and WIT. */
export const kitchenTimeZones = ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"] as const;
export type KitchenTimeZone = (typeof kitchenTimeZones)[number];

export const deviceKinds = [
  "temperature-probe",
  "gps-tracker",
  "smart-scale",
  "climate-sensor",
  "door-sensor",
  "gateway",
] as const;
export type DeviceKind = (typeof deviceKinds)[number];

/** Where a device stands. It decides the realtime topic that its readings show on. */
export const devicePlaces = [
  "cooking",
  "hotHolding",
  "coldStore",
  "freezer",
  "dryStore",
  "deliveryBox",
  "vehicle",
  "stockScale",
] as const;
export type DevicePlace = (typeof devicePlaces)[number];

/** The makers' formats that a device may publish beside Nadi's own JSON. */
export const codecNames = ["tasmota", "owntracks", "traccar"] as const;
export type CodecName = (typeof codecNames)[number];

export interface Kitchen {
  sppgId: string;
  name: string;
  timeZone: KitchenTimeZone;
  createdAtMs: number;
  /** Counts its changes, from 1. */
  version: number;
  /** Where it stands, in degrees (WGS 84); with `longitude` or not at all. */
  latitude: number | null;
  longitude: number | null;
}

export interface Device {
  sppgId: string;
  deviceId: string;
  /** What people call it; `null`: by its place and id. */
  name: string | null;
  kind: DeviceKind;
  /** `null`: the device stands nowhere that a screen shows. */
  place: DevicePlace | null;
  /** `null`: the device speaks Nadi's own JSON only. */
  codec: CodecName | null;
  /** The gateway that publishes for this device, below its own device id. */
  gatewayId: string | null;
  enabled: boolean;
  /** How often a reading is due, in seconds: gaps, staleness and no-data all use it. */
  expectedIntervalSeconds: number;
  createdAtMs: number;
  /** From 1; each change of these facts raises it. A new secret is none. */
  version: number;
}

/** One accepted secret of a device: rotation keeps the old one for a while. */
export interface DeviceSecret {
  /** SHA-256 of the secret. Secrets have at least 128 random bits, so one hash is enough. */
  sha256: Uint8Array;
  /** Wall-clock end of its life in ms, or `null` for no end. */
  expiresAtMs: number | null;
}

/** All that a CONNECT needs to know about a device. */
export interface DeviceLogin {
  sppgId: string;
  deviceId: string;
  codec: CodecName | null;
  enabled: boolean;
  secrets: readonly DeviceSecret[];
}

/** What a row of the change log is about. */
export const changeKinds = ["kitchen", "device", "credential", "user", "rule", "alert"] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** One row of the change log. `seq` grows in the order in which changes became visible. */
export interface RegistryChange {
  seq: number;
  kind: ChangeKind;
  sppgId: string | null;
  /** The device id, or what else within the kitchen has changed. */
  subject: string | null;
}

/** One line of the audit log: who did what to what, from where, and how it ended. */
export interface AuditEvent {
  atMs: number;
  /** `device:{sppgId}.{deviceId}`, `user:{email}`, `cli`, or `anonymous`. */
  actor: string;
  /** A dotted verb, e.g. `device.add`, `mqtt.publish.refused`. */
  action: string;
  sppgId: string | null;
  subject: string | null;
  address: string | null;
  outcome: "done" | "refused" | "failed";
  /** Bounded facts, never a secret. */
  detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** A person's role. `operator` sees all kitchens; the others see the ones they are named for. */
export const userRoles = [
  "operator",
  "head",
  "nutritionist",
  "accountant",
  "cook",
  "driver",
  "viewer",
] as const;
export type UserRole = (typeof userRoles)[number];

/** A person who signs in. The password's hash never leaves the records. */
export interface User {
  /** Lower case. */
  email: string;
  role: UserRole;
  /** Empty for an operator, who has all. */
  kitchens: readonly string[];
  /** `false`: signs in no more, and every session has ended. */
  enabled: boolean;
  createdAtMs: number;
  /** Counts the changes of what stands here and of the password, from 1. */
  version: number;
}

/** A line of the audit log as it is stored: `id` grows in the order of writing. */
export interface StoredAuditEvent extends AuditEvent {
  id: number;
}
