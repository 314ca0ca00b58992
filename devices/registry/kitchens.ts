import type { Selectable } from "kysely";
import { tablesOf, writeTransaction } from "../records/records.ts";
import {
  actorOf,
  appendChange,
  recordChange,
  type RegistryContext,
  type RegistryTransaction,
} from "./changes.ts";
import { kitchenUnknown, RegistryError, versionStale } from "./errors.ts";
import { parseKitchenChange, parseNewKitchen, parseSppgId } from "./input.ts";
import type { Kitchen, KitchenTimeZone } from "./model.ts";
import type { Actor, KitchenChange, Registry } from "./registry.ts";
import type { KitchenRow, RegistryTables } from "./tables.ts";

type KitchenMethods = Pick<
  Registry,
  "addKitchen" | "updateKitchen" | "listKitchens" | "findKitchen"
>;

export function createKitchenMethods(context: RegistryContext): KitchenMethods {
  return {
    async addKitchen(kitchen, actor) {
      const given = parseNewKitchen(kitchen);
      const { sppgId, name, timeZone, latitude = null, longitude = null } = given;
      const note = {
        kind: "kitchen",
        action: "kitchen.add",
        ...actorOf(actor),
        sppgId,
        subject: null,
      } as const;
      return recordChange(context, note, async (tx) => {
        if (await hasKitchen(tx, sppgId)) throw kitchenExists(sppgId);
        const createdAtMs = context.clock.nowMs();
        await tx
          .insertInto("kitchen")
          .values({
            sppg_id: sppgId,
            name,
            time_zone: timeZone,
            created_at_ms: createdAtMs,
            latitude,
            longitude,
          })
          .execute();
        return { sppgId, name, timeZone, createdAtMs, version: 1, latitude, longitude };
      });
    },
    updateKitchen: (change, actor) => updateKitchen(context, change, actor),
    async listKitchens() {
      const rows = await tablesOf<RegistryTables>(context.records)
        .selectFrom("kitchen")
        .selectAll()
        .orderBy("sppg_id")
        .execute();
      return rows.map(toKitchen);
    },
    async findKitchen(sppgId) {
      const row = await tablesOf<RegistryTables>(context.records)
        .selectFrom("kitchen")
        .selectAll()
        .where("sppg_id", "=", parseSppgId(sppgId))
        .executeTakeFirst();
      return row === undefined ? null : toKitchen(row);
    },
  };
}

async function updateKitchen(
  context: RegistryContext,
  change: KitchenChange,
  actor: Actor,
): Promise<Kitchen> {
  const given = parseKitchenChange(change);
  const { sppgId, name, timeZone, expectedVersion } = given;
  return writeTransaction<RegistryTables, Kitchen>(context.records, async (tx) => {
    const row = await findRow(tx, sppgId);
    if (row === undefined) throw kitchenUnknown(sppgId);
    if (expectedVersion !== undefined && expectedVersion !== row.version) {
      throw versionStale(`Kitchen ${sppgId}`, row.version);
    }
    const { latitude = row.latitude, longitude = row.longitude } = given;
    const isThere = row.latitude === latitude && row.longitude === longitude;
    const isSame = row.name === name && row.time_zone === timeZone && isThere;
    // Nothing to tell anybody, and the version that others have seen stays good.
    if (isSame) return toKitchen(row);
    const version = row.version + 1;
    await tx
      .updateTable("kitchen")
      .set({ name, time_zone: timeZone, version, latitude, longitude })
      .where("sppg_id", "=", sppgId)
      .execute();
    const detail = {
      name,
      timeZone,
      nameBefore: row.name,
      timeZoneBefore: row.time_zone,
      latitude,
      longitude,
    };
    const note = { kind: "kitchen", action: "kitchen.update", sppgId, subject: null } as const;
    await appendChange(tx, { ...note, ...actorOf(actor), detail }, context.clock.nowMs());
    return toKitchen({ ...row, name, time_zone: timeZone, version, latitude, longitude });
  });
}

export async function requireKitchen(tx: RegistryTransaction, sppgId: string): Promise<void> {
  if (!(await hasKitchen(tx, sppgId))) throw kitchenUnknown(sppgId);
}

async function hasKitchen(tx: RegistryTransaction, sppgId: string): Promise<boolean> {
  return (await findRow(tx, sppgId)) !== undefined;
}

async function findRow(
  tx: RegistryTransaction,
  sppgId: string,
): Promise<Selectable<KitchenRow> | undefined> {
  return tx.selectFrom("kitchen").selectAll().where("sppg_id", "=", sppgId).executeTakeFirst();
}

function kitchenExists(sppgId: string): RegistryError {
  return new RegistryError("REGISTRY_KITCHEN_EXISTS", {
    message: `Kitchen ${sppgId} is there already: see "nadi kitchen list".`,
    facts: { sppgId },
  });
}

function toKitchen(row: Selectable<KitchenRow>): Kitchen {
  return {
    sppgId: row.sppg_id,
    name: row.name,
    // Checked when it was added.
    timeZone: row.time_zone as KitchenTimeZone,
    createdAtMs: row.created_at_ms,
    version: row.version,
    latitude: row.latitude,
    longitude: row.longitude,
  };
}
