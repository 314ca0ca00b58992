import type { Principal } from "../ids.ts";
import { tablesOf } from "../records/records.ts";
import { recordChange, type RegistryContext, type RegistryTransaction } from "./changes.ts";
import { createLoginMethods, issueSecret, removeSecrets, retireSecrets } from "./credentials.ts";
import { deviceRevoked, deviceUnknown, kitchenUnknown, RegistryError } from "./errors.ts";
import {
  parseDeviceEdit,
  parseDeviceIds,
  parseNewDevice,
  parseOverlapSeconds,
  parseSppgId,
} from "./input.ts";
import { kindFacts } from "./kinds.ts";
import { requireKitchen } from "./kitchens.ts";
import type { CodecName, Device, DeviceKind, DevicePlace } from "./model.ts";
import type { DeviceEdit, NewDevice, Registry } from "./registry.ts";
import type { DeviceRow, RegistryTables } from "./tables.ts";

type DeviceMethods = Pick<
  Registry,
  | "addDevice"
  | "editDevice"
  | "listDevices"
  | "listAllDevices"
  | "revokeDevice"
  | "rotateDevice"
  | "enableDevice"
  | "findDeviceLogin"
>;

const listAllDevicesMax = 10_000;

export function createDeviceMethods(context: RegistryContext): DeviceMethods {
  return {
    ...createLoginMethods(context),
    listDevices: (sppgId) => listDevices(context, parseSppgId(sppgId)),
    listAllDevices: (after, limit) => listAllDevices(context, after, limit),
    async addDevice(input, actor, address = null) {
      const row = toRow(parseNewDevice(input), context.clock.nowMs());
      const detail = { kind: row.kind, place: row.place, codec: row.codec };
      const note = { action: "device.add", actor, address, ids: ids(row), detail };
      return changeDevice(context, note, (tx) => insertDevice(context, tx, row));
    },
    editDevice: (edit, actor, address = null) =>
      editDevice(context, parseDeviceEdit(edit), { actor, address }),
    async revokeDevice(input, actor, address = null) {
      const device = parseDeviceIds(input);
      const note = { action: "device.revoke", actor, address, ids: device };
      await changeDevice(context, note, async (tx) => {
        const row = await requireDevice(tx, device);
        await setEnabled(tx, row, 0);
        await removeSecrets(tx, device);
      });
    },
    async rotateDevice(input, actor, address = null) {
      const device = parseDeviceIds(input);
      const overlapSeconds = parseOverlapSeconds(input.overlapSeconds);
      const detail = { overlapSeconds };
      const note = {
        kind: "credential",
        action: "device.rotate",
        actor,
        address,
        ids: device,
        detail,
      } as const;
      return changeDevice(context, note, async (tx) => {
        const row = await requireDevice(tx, device);
        if (row.enabled === 0) throw deviceRevoked(device);
        const atMs = context.clock.nowMs();
        await retireSecrets(tx, device, { atMs, overlapSeconds });
        return issueSecret(tx, row, atMs);
      });
    },
    async enableDevice(input, actor, address = null) {
      const device = parseDeviceIds(input);
      const note = { action: "device.enable", actor, address, ids: device };
      return changeDevice(context, note, async (tx) => {
        const row = await requireDevice(tx, device);
        if (row.enabled === 1) throw deviceEnabled(device);
        await setEnabled(tx, row, 1);
        return issueSecret(tx, row, context.clock.nowMs());
      });
    },
  };
}

interface DeviceNote {
  kind?: "device" | "credential";
  action: string;
  actor: string;
  address: string | null;
  ids: Principal;
  detail?: Readonly<Record<string, string | number | null>>;
}

function changeDevice<Result>(
  context: RegistryContext,
  note: DeviceNote,
  work: (tx: RegistryTransaction) => Promise<Result>,
): Promise<Result> {
  const { kind = "device", action, actor, address, detail = {} } = note;
  const { sppgId, deviceId } = note.ids;
  const change = { kind, action, actor, address, sppgId, subject: deviceId, detail };
  return recordChange(context, change, work);
}

async function editDevice(
  context: RegistryContext,
  edit: DeviceEdit,
  by: { actor: string; address: string | null },
): Promise<Device> {
  const { sppgId, deviceId, expectedVersion, name, place, expectedIntervalSeconds } = edit;
  const device = { sppgId, deviceId };
  const detail = Object.fromEntries(
    Object.entries({ name, place, expectedIntervalSeconds }).filter(
      (pair): pair is [string, string | number | null] => pair[1] !== undefined,
    ),
  );
  const note = { action: "device.edit", ...by, ids: device, detail };
  return changeDevice(context, note, async (tx) => {
    const row = await requireDevice(tx, device);
    if (row.version !== expectedVersion) throw deviceConflict(device, row.version);
    const changed = {
      name: name === undefined ? row.name : name,
      place: place === undefined ? row.place : place,
      expected_interval_seconds: expectedIntervalSeconds ?? row.expected_interval_seconds,
      version: row.version + 1,
    };
    await updateRow(tx, device, changed);
    return toDevice({ ...row, ...changed });
  });
}

async function insertDevice(
  context: RegistryContext,
  tx: RegistryTransaction,
  row: DeviceRow,
): ReturnType<Registry["addDevice"]> {
  await requireKitchen(tx, row.sppg_id);
  const device = ids(row);
  if ((await findRow(tx, device)) !== undefined) throw deviceExists(device);
  if (row.gateway_id !== null) await requireGateway(tx, device.sppgId, row.gateway_id);
  await tx.insertInto("device").values(row).execute();
  const secret = await issueSecret(tx, row, context.clock.nowMs());
  return { device: toDevice(row), secret };
}

async function listDevices(context: RegistryContext, sppgId: string): Promise<Device[]> {
  const db = tablesOf<RegistryTables>(context.records);
  const rows = await db
    .selectFrom("device")
    .selectAll()
    .where("sppg_id", "=", sppgId)
    .orderBy("device_id")
    .execute();
  if (rows.length > 0) return rows.map(toDevice);
  const kitchen = await db
    .selectFrom("kitchen")
    .select("sppg_id")
    .where("sppg_id", "=", sppgId)
    .executeTakeFirst();
  if (kitchen === undefined) throw kitchenUnknown(sppgId);
  return [];
}

async function listAllDevices(
  context: RegistryContext,
  after: Principal | null,
  limit: number,
): Promise<Device[]> {
  const all = tablesOf<RegistryTables>(context.records).selectFrom("device").selectAll();
  const { sppgId, deviceId } = after ?? { sppgId: "", deviceId: "" };
  const rows = await all
    .where((is) => is(is.refTuple("sppg_id", "device_id"), ">", is.tuple(sppgId, deviceId)))
    .orderBy("sppg_id")
    .orderBy("device_id")
    .limit(Math.min(limit, listAllDevicesMax))
    .execute();
  return rows.map(toDevice);
}

async function findRow(tx: RegistryTransaction, device: Principal): Promise<DeviceRow | undefined> {
  return tx
    .selectFrom("device")
    .selectAll()
    .where("sppg_id", "=", device.sppgId)
    .where("device_id", "=", device.deviceId)
    .executeTakeFirst();
}

async function requireDevice(tx: RegistryTransaction, device: Principal): Promise<DeviceRow> {
  const row = await findRow(tx, device);
  if (row !== undefined) return row;
  await requireKitchen(tx, device.sppgId);
  throw deviceUnknown(device);
}

async function requireGateway(
  tx: RegistryTransaction,
  sppgId: string,
  gatewayId: string,
): Promise<void> {
  const row = await findRow(tx, { sppgId, deviceId: gatewayId });
  if (row?.kind === "gateway") return;
  throw new RegistryError("REGISTRY_GATEWAY_UNKNOWN", {
    message: `Kitchen ${sppgId} has no gateway ${gatewayId}: add it first, with --kind gateway.`,
    facts: { sppgId, gatewayId },
  });
}

/** Saying again what is so changes nothing. */
async function setEnabled(tx: RegistryTransaction, row: DeviceRow, enabled: 0 | 1): Promise<void> {
  if (row.enabled === enabled) return;
  await updateRow(tx, ids(row), { enabled, version: row.version + 1 });
}

async function updateRow(
  tx: RegistryTransaction,
  device: Principal,
  changed: Partial<DeviceRow>,
): Promise<void> {
  await tx
    .updateTable("device")
    .set(changed)
    .where("sppg_id", "=", device.sppgId)
    .where("device_id", "=", device.deviceId)
    .execute();
}

function deviceExists(device: Principal): RegistryError {
  const { sppgId, deviceId } = device;
  return new RegistryError("REGISTRY_DEVICE_EXISTS", {
    message:
      `Kitchen ${sppgId} has a device ${deviceId} already: take another id, or ` +
      `get a new secret with "nadi device rotate ${sppgId} ${deviceId}".`,
    facts: { sppgId, deviceId },
  });
}

function deviceEnabled(device: Principal): RegistryError {
  const { sppgId, deviceId } = device;
  return new RegistryError("REGISTRY_DEVICE_ENABLED", {
    message:
      `Device ${deviceId} of kitchen ${sppgId} is not revoked: ` +
      `"nadi device rotate ${sppgId} ${deviceId}" gives it a new secret.`,
    facts: { sppgId, deviceId },
  });
}

function deviceConflict(device: Principal, version: number): RegistryError {
  const { sppgId, deviceId } = device;
  return new RegistryError("REGISTRY_DEVICE_CONFLICT", {
    message:
      `Device ${deviceId} of kitchen ${sppgId} is at version ${version}: ` +
      "somebody else has changed it; read it again.",
    facts: { sppgId, deviceId, version },
  });
}

function ids(row: DeviceRow): Principal {
  return { sppgId: row.sppg_id, deviceId: row.device_id };
}

function toRow(device: NewDevice, createdAtMs: number): DeviceRow {
  const facts = kindFacts[device.kind];
  return {
    sppg_id: device.sppgId,
    device_id: device.deviceId,
    kind: device.kind,
    // `null` is an answer ("nowhere"), `undefined` is none.
    place: device.place === undefined ? facts.place : device.place,
    codec: device.codec ?? null,
    gateway_id: device.gatewayId ?? null,
    enabled: 1,
    expected_interval_seconds: device.expectedIntervalSeconds ?? facts.expectedIntervalSeconds,
    created_at_ms: createdAtMs,
    name: device.name ?? null,
    version: 1,
  };
}

/** The three words were checked when the device was added. */
function toDevice(row: DeviceRow): Device {
  return {
    sppgId: row.sppg_id,
    deviceId: row.device_id,
    name: row.name,
    kind: row.kind as DeviceKind,
    place: row.place as DevicePlace | null,
    codec: row.codec as CodecName | null,
    gatewayId: row.gateway_id,
    enabled: row.enabled === 1,
    expectedIntervalSeconds: row.expected_interval_seconds,
    createdAtMs: row.created_at_ms,
    version: row.version,
  };
}
