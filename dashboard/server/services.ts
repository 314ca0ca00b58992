import type { AuditSink, Delivery, PresenceChange } from "../../broker/index.ts";
import type { Registry, RegistryChange } from "../../devices/index.ts";
import type { Desk, HistoryThread, KitchenSnapshot } from "../../ingest/index.ts";
import type { People } from "./people/people.ts";

/** What the API needs of the other services; `nadi.ts` hands it in. */
export interface DashboardServices {
  registry: Pick<
    Registry,
    | "findKitchen"
    | "listKitchens"
    | "listDevices"
    | "addDevice"
    | "editDevice"
    | "rotateDevice"
    | "revokeDevice"
    | "enableDevice"
    | "addKitchen"
    | "updateKitchen"
    | "addUser"
    | "updateUser"
    | "searchUsers"
    | "findUser"
    | "resetUserPassword"
    | "readAudit"
  >;
  people: People;
  desk: Desk;
  history: Pick<HistoryThread, "buckets" | "raw" | "track" | "preview">;
  ingest: {
    /** The newest values of a kitchen, from the monitor's state. */
    snapshot(sppgId: string): Promise<KitchenSnapshot>;
    /** Resolves when all of a kitchen that was acknowledged before the call can be read. */
    flush(sppgId: string): Promise<void>;
  };
  edge: DeviceEdge;
  changes: {
    onChange(listener: (change: RegistryChange) => void): () => void;
    /** Resolves when this process has followed what was committed before the call. */
    poke(): Promise<void>;
  };
  audit: AuditSink;
}

/** The broker, as far as people see devices through it. */
export interface DeviceEdge {
  /** Devices of a kitchen that have been connected since it began, online or not. */
  presenceOf(sppgId: string): readonly PresenceChange[];
  /** See the broker's own; `expiresAtMs` is of the monotonic clock. */
  command(message: {
    topicName: string;
    payload: Buffer;
    expiresAtMs: number;
  }): Delivery | null | Promise<Delivery | null>;
  /** Where devices connect. */
  mqtt(): MqttListener;
}

export interface MqttListener {
  /** As it was bound: it may stand for any address. */
  host: string;
  port: number;
  tlsPort: number | null;
}
