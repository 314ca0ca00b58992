import type { Generated } from "kysely";

/**
 * The registry's tables. Portable types only: truth as 0 or 1, hashes as hex, times as ms. On
 * PostgreSQL the driver must be told to give `bigint` as a number.
 */
export interface RegistryTables {
  kitchen: KitchenRow;
  device: DeviceRow;
  device_secret: DeviceSecretRow;
  person: PersonRow;
  person_kitchen: { email: string; sppg_id: string };
  change_log: ChangeRow;
  audit_log: AuditRow;
}

export interface KitchenRow {
  sppg_id: string;
  name: string;
  time_zone: string;
  created_at_ms: number;
  version: Generated<number>;
  latitude: number | null;
  longitude: number | null;
}

export interface DeviceRow {
  sppg_id: string;
  device_id: string;
  kind: string;
  place: string | null;
  codec: string | null;
  gateway_id: string | null;
  enabled: number;
  expected_interval_seconds: number;
  created_at_ms: number;
  name: string | null;
  version: number;
}

export interface DeviceSecretRow {
  id: Generated<number>;
  sppg_id: string;
  device_id: string;
  sha256_hex: string;
  created_at_ms: number;
  expires_at_ms: number | null;
}

export interface PersonRow {
  email: string;
  role: string;
  password_hash: string;
  created_at_ms: number;
  enabled: Generated<number>;
  version: Generated<number>;
}

export interface ChangeRow {
  seq: Generated<number>;
  kind: string;
  sppg_id: string | null;
  subject: string | null;
  at_ms: number;
}

export interface AuditRow {
  id: Generated<number>;
  at_ms: number;
  actor: string;
  action: string;
  sppg_id: string | null;
  subject: string | null;
  address: string | null;
  outcome: string;
  detail_json: string;
}
