import type { Principal } from "../ids.ts";
import { tablesOf } from "../records/records.ts";
import type { RegistryContext, RegistryTransaction } from "./changes.ts";
import type { CodecName, DeviceKind, DeviceLogin, DeviceSecret } from "./model.ts";
import type { IssuedSecret, Registry } from "./registry.ts";
import { generateDeviceSecret, hashDeviceSecret } from "./secrets.ts";
import type { DeviceRow, RegistryTables } from "./tables.ts";

/** How long a rotated secret is still accepted when nobody says otherwise (design.md section 5). */
export const rotationOverlapSeconds = 600;

/** A CONNECT compares with each: rotating again and again must not grow the list. */
export const secretsPerDeviceMax = 5;

type LoginMethods = Pick<Registry, "findDeviceLogin">;

export function createLoginMethods(context: RegistryContext): LoginMethods {
  return {
    findDeviceLogin: (sppgId, deviceId) => findLogin(context, { sppgId, deviceId }),
  };
}

async function findLogin(context: RegistryContext, device: Principal): Promise<DeviceLogin | null> {
  // One statement: a login is never half before and half after a change.
  const rows = await tablesOf<RegistryTables>(context.records)
    .selectFrom("device")
    .leftJoin("device_secret", (join) =>
      join
        .onRef("device_secret.sppg_id", "=", "device.sppg_id")
        .onRef("device_secret.device_id", "=", "device.device_id"),
    )
    .select([
      "device.codec",
      "device.enabled",
      "device_secret.sha256_hex",
      "device_secret.expires_at_ms",
    ])
    .where("device.sppg_id", "=", device.sppgId)
    .where("device.device_id", "=", device.deviceId)
    .orderBy("device_secret.id", "desc")
    .execute();
  const [first] = rows;
  if (first === undefined) return null;
  const nowMs = context.clock.nowMs();
  const secrets: DeviceSecret[] = [];
  for (const { sha256_hex: hex, expires_at_ms: expiresAtMs } of rows) {
    if (hex === null || (expiresAtMs !== null && expiresAtMs <= nowMs)) continue;
    secrets.push({ sha256: Uint8Array.fromHex(hex), expiresAtMs });
  }
  return {
    ...device,
    // Checked when the device was added.
    codec: first.codec as CodecName | null,
    enabled: first.enabled === 1,
    secrets,
  };
}

/** A new secret: in clear only in the answer. */
export async function issueSecret(
  tx: RegistryTransaction,
  device: DeviceRow,
  atMs: number,
): Promise<IssuedSecret> {
  const secret = generateDeviceSecret();
  await tx
    .insertInto("device_secret")
    .values({
      sppg_id: device.sppg_id,
      device_id: device.device_id,
      sha256_hex: Buffer.from(hashDeviceSecret(secret)).toString("hex"),
      created_at_ms: atMs,
      expires_at_ms: null,
    })
    .execute();
  return {
    sppgId: device.sppg_id,
    deviceId: device.device_id,
    // Checked when the device was added.
    kind: device.kind as DeviceKind,
    secret,
  };
}

/** Gives the present secrets an end, sooner than the one they may have; removes what is over. */
export async function retireSecrets(
  tx: RegistryTransaction,
  device: Principal,
  rotation: { atMs: number; overlapSeconds: number },
): Promise<void> {
  const { atMs, overlapSeconds } = rotation;
  if (overlapSeconds === 0) return removeSecrets(tx, device);
  const endMs = atMs + overlapSeconds * 1_000;
  const rows = await tx
    .selectFrom("device_secret")
    .select(["id", "expires_at_ms"])
    .where("sppg_id", "=", device.sppgId)
    .where("device_id", "=", device.deviceId)
    .orderBy("id", "desc")
    .execute();
  for (const [index, row] of rows.entries()) {
    const isOver = row.expires_at_ms !== null && row.expires_at_ms <= atMs;
    if (isOver || index >= secretsPerDeviceMax - 1) {
      await tx.deleteFrom("device_secret").where("id", "=", row.id).execute();
    } else {
      await tx
        .updateTable("device_secret")
        .set({ expires_at_ms: Math.min(row.expires_at_ms ?? endMs, endMs) })
        .where("id", "=", row.id)
        .execute();
    }
  }
}

export async function removeSecrets(tx: RegistryTransaction, device: Principal): Promise<void> {
  await tx
    .deleteFrom("device_secret")
    .where("sppg_id", "=", device.sppgId)
    .where("device_id", "=", device.deviceId)
    .execute();
}
