import type { Principal } from "../ids.ts";
import type {
  AuditEvent,
  CodecName,
  Device,
  DeviceKind,
  DeviceLogin,
  DevicePlace,
  Kitchen,
  KitchenTimeZone,
  RegistryChange,
  StoredAuditEvent,
  User,
  UserRole,
} from "./model.ts";

export interface NewKitchen {
  sppgId: string;
  name: string;
  timeZone: KitchenTimeZone;
  /** Where it stands, in degrees (WGS 84): both or neither. */
  latitude?: number | null | undefined;
  longitude?: number | null | undefined;
}

/** What of a kitchen may change: a new name, another time zone. */
/** Coordinates that are left out stay as they are; `null` takes them away. */
export interface KitchenChange extends NewKitchen {
  /** Refused if it is at another one by now; left out: whatever it is at. */
  expectedVersion?: number | undefined;
}

export interface NewDevice {
  sppgId: string;
  deviceId: string;
  kind: DeviceKind;
  /** What people call it. */
  name?: string | null | undefined;
  /** Left out: by kind (a tracker stands in its vehicle). `null`: nowhere that a screen shows. */
  place?: DevicePlace | null | undefined;
  codec?: CodecName | null | undefined;
  gatewayId?: string | null | undefined;
  /** Default by kind. */
  expectedIntervalSeconds?: number | undefined;
}

/** What may be changed of a device; what is left out stays. */
export interface DeviceEdit {
  sppgId: string;
  deviceId: string;
  /** The version that the caller has seen. */
  expectedVersion: number;
  name?: string | null | undefined;
  place?: DevicePlace | null | undefined;
  expectedIntervalSeconds?: number | undefined;
}

/** A device's secret in clear: it exists here once and is stored only as a hash. */
export interface IssuedSecret {
  sppgId: string;
  deviceId: string;
  kind: DeviceKind;
  secret: string;
}

export interface NewUser {
  email: string;
  role: UserRole;
  /** At least one, but none for an operator. */
  kitchens?: readonly string[];
}

/** What is left out stays as it is. */
export interface UserChange {
  email: string;
  role?: UserRole | undefined;
  kitchens?: readonly string[] | undefined;
  enabled?: boolean | undefined;
  /** Refused if the person is at another one by now; left out: whatever it is at. */
  expectedVersion?: number | undefined;
}

/** Of all people, or of those with at least one of these kitchens; by e-mail address. */
export interface UserQuery {
  kitchens: readonly string[] | "all";
  /** Only whose address has this in it. */
  search?: string | undefined;
  /** Behind this address. */
  after?: string | undefined;
  /** At most 1,000. */
  limit: number;
}

/** The audit log, newest first. */
export interface AuditQuery {
  /** Lines about these kitchens, or all lines. */
  kitchens: readonly string[] | "all";
  /** First word of the action, e.g. `user`. */
  kind?: string | undefined;
  outcome?: AuditEvent["outcome"] | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
  before?: AuditPlace | undefined;
  /** At most 500. */
  limit: number;
}

/** Where a page of the audit log has ended. */
export interface AuditPlace {
  atMs: number;
  id: number;
}

export interface AuditPage {
  events: StoredAuditEvent[];
  /** `null`: there is nothing older. A page may be shorter than its limit and still have one. */
  next: AuditPlace | null;
}

/** Who acts, and from where if over a network. */
export type Actor = string | { actor: string; address: string | null };

/** A person's new password in clear: it exists here once and is stored only as a hash. */
export interface IssuedPassword {
  user: User;
  password: string;
}

/**
 * Kitchens, devices, credentials, the change log and the audit log. The same methods answer in a
 * records worker (see `records/`) and in the process of a command. Every change appends to the
 * change log in its own transaction.
 */
export interface Registry {
  addKitchen(kitchen: NewKitchen, actor: Actor): Promise<Kitchen>;
  updateKitchen(change: KitchenChange, actor: Actor): Promise<Kitchen>;
  listKitchens(): Promise<Kitchen[]>;
  findKitchen(sppgId: string): Promise<Kitchen | null>;
  /** `address`, here and below: where the request came from, for the audit log. */
  addDevice(
    device: NewDevice,
    actor: string,
    address?: string | null,
  ): Promise<{ device: Device; secret: IssuedSecret }>;
  /** Refused as `REGISTRY_DEVICE_CONFLICT` if somebody else has changed it since. */
  editDevice(edit: DeviceEdit, actor: string, address?: string | null): Promise<Device>;
  listDevices(sppgId: string): Promise<Device[]>;
  /**
   * Devices of every kitchen in the order of (sppgId, deviceId), behind `after`: for a directory of
   * all of them. At most `limit`, and at most 10,000.
   */
  listAllDevices(after: Principal | null, limit: number): Promise<Device[]>;
  /** Disables the device: its login ends within a second in every process. */
  revokeDevice(
    ids: { sppgId: string; deviceId: string },
    actor: string,
    address?: string | null,
  ): Promise<void>;
  /** A new secret; the old one lives `overlapSeconds` more (0: ends now). */
  rotateDevice(
    ids: { sppgId: string; deviceId: string; overlapSeconds: number },
    actor: string,
    address?: string | null,
  ): Promise<IssuedSecret>;
  /** Ends a revocation, with a new secret: the old ones stay dead. */
  enableDevice(
    ids: { sppgId: string; deviceId: string },
    actor: string,
    address?: string | null,
  ): Promise<IssuedSecret>;
  addUser(user: NewUser, actor: Actor): Promise<IssuedPassword>;
  /** Role, kitchens, or whether they may sign in: each change ends the person's sessions. */
  updateUser(change: UserChange, actor: Actor): Promise<User>;
  listUsers(): Promise<User[]>;
  searchUsers(query: UserQuery): Promise<User[]>;
  findUser(email: string): Promise<User | null>;
  /**
   * A new password; the old one ends now. With `expectedVersion` only if the person is still as the
   * caller has seen them: else `REGISTRY_VERSION_STALE`.
   */
  resetUserPassword(email: string, actor: Actor, expectedVersion?: number): Promise<IssuedPassword>;
  findDeviceLogin(sppgId: string, deviceId: string): Promise<DeviceLogin | null>;
  /** Changes with `seq` above `afterSeq`, oldest first, at most `limit`. */
  readChanges(afterSeq: number, limit: number): Promise<RegistryChange[]>;
  lastChangeSeq(): Promise<number>;
  appendAudit(events: readonly AuditEvent[]): Promise<void>;
  readAudit(query: AuditQuery): Promise<AuditPage>;
}
