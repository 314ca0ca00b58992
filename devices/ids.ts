import * as z from "zod/mini";

/** Lower case, because it is part of host-like names and file names; 3 to 64 characters. */
export const sppgIdSource = "[a-z0-9][a-z0-9-]{1,62}[a-z0-9]";
/** Unique within its kitchen. No dot, so that a principal splits at one place only. */
export const deviceIdSource = "[A-Za-z0-9_-]{1,64}";

export const sppgIdPattern = new RegExp(`^${sppgIdSource}$`);
export const deviceIdPattern = new RegExp(`^${deviceIdSource}$`);

export const sppgIdSchema = z.string().check(z.regex(sppgIdPattern));
export const deviceIdSchema = z.string().check(z.regex(deviceIdPattern));

export function isSppgId(text: string): boolean {
  return sppgIdPattern.test(text);
}

export function isDeviceId(text: string): boolean {
  return deviceIdPattern.test(text);
}

/** Whose login it is: one device of one kitchen. */
export interface Principal {
  sppgId: string;
  deviceId: string;
}

/** The MQTT username of a device, and the client id that it is handed: `{sppgId}.{deviceId}`. */
export function formatPrincipal(sppgId: string, deviceId: string): string {
  return `${sppgId}.${deviceId}`;
}

/** `null` unless both ids are valid. Neither may hold a dot, so the first dot divides them. */
export function parsePrincipal(text: string): Principal | null {
  const dot = text.indexOf(".");
  if (dot === -1) return null;
  const sppgId = text.slice(0, dot);
  const deviceId = text.slice(dot + 1);
  return isSppgId(sppgId) && isDeviceId(deviceId) ? { sppgId, deviceId } : null;
}
