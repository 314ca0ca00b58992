import type { CodecName, Registry } from "../../devices/index.ts";

/** A device that may sign in. */
export interface ExportedDevice {
  /** `{sppgId}.{deviceId}`. */
  username: string;
  sppgId: string;
  deviceId: string;
  codec: CodecName | null;
  /** SHA-256 of its accepted secrets, in hex, the newest first. */
  secretHashes: readonly string[];
}

/** Nadi's own login at the cluster. */
export interface NadiLogin {
  username: string;
  password: string;
}

/** Every enabled device that has a secret. */
export async function listExportedDevices(registry: Registry): Promise<ExportedDevice[]> {
  const exported: ExportedDevice[] = [];
  for (const { sppgId } of await registry.listKitchens()) {
    for (const { deviceId, enabled } of await registry.listDevices(sppgId)) {
      const login = enabled ? await registry.findDeviceLogin(sppgId, deviceId) : null;
      if (login === null || login.secrets.length === 0) continue;
      const secretHashes = login.secrets.map(({ sha256 }) => Buffer.from(sha256).toString("hex"));
      const username = `${sppgId}.${deviceId}`;
      exported.push({ username, sppgId, deviceId, codec: login.codec, secretHashes });
    }
  }
  return exported;
}
