import { tablesOf } from "../records/records.ts";
import { recordChange, type RegistryContext, type RegistryTransaction } from "./changes.ts";
import { kitchenUnknown, RegistryError } from "./errors.ts";
import { parseNewKitchen, parseSppgId } from "./input.ts";
import type { Kitchen, KitchenTimeZone } from "./model.ts";
import type { Registry } from "./registry.ts";
import type { KitchenRow, RegistryTables } from "./tables.ts";

type KitchenMethods = Pick<Registry, "addKitchen" | "listKitchens" | "findKitchen">;

export function createKitchenMethods(context: RegistryContext): KitchenMethods {
  return {
    async addKitchen(kitchen, actor) {
      const { sppgId, name, timeZone } = parseNewKitchen(kitchen);
      const note = {
        kind: "kitchen",
        action: "kitchen.add",
        actor,
        sppgId,
        subject: null,
      } as const;
      return recordChange(context, note, async (tx) => {
        if (await hasKitchen(tx, sppgId)) throw kitchenExists(sppgId);
        const createdAtMs = context.clock.nowMs();
        await tx
          .insertInto("kitchen")
          .values({ sppg_id: sppgId, name, time_zone: timeZone, created_at_ms: createdAtMs })
          .execute();
        return { sppgId, name, timeZone, createdAtMs };
      });
    },
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

export async function requireKitchen(tx: RegistryTransaction, sppgId: string): Promise<void> {
  if (!(await hasKitchen(tx, sppgId))) throw kitchenUnknown(sppgId);
}

async function hasKitchen(tx: RegistryTransaction, sppgId: string): Promise<boolean> {
  const row = await tx
    .selectFrom("kitchen")
    .select("sppg_id")
    .where("sppg_id", "=", sppgId)
    .executeTakeFirst();
  return row !== undefined;
}

function kitchenExists(sppgId: string): RegistryError {
  return new RegistryError("REGISTRY_KITCHEN_EXISTS", {
    message: `Kitchen ${sppgId} is there already: see "nadi kitchen list".`,
    facts: { sppgId },
  });
}

function toKitchen(row: KitchenRow): Kitchen {
  return {
    sppgId: row.sppg_id,
    name: row.name,
    // Checked when it was added.
    timeZone: row.time_zone as KitchenTimeZone,
    createdAtMs: row.created_at_ms,
  };
}
