import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { NadiLogin } from "./exported-device.ts";

const loginFile = "nadi.env";
const stateFile = "exported.json";

const stateSchema = z.object({
  devices: z.record(
    z.string(),
    z.object({
      /** SHA-256 of the secret that the password was made of. */
      secretHash: z.string(),
      password: z.string().nullable(),
    }),
  ),
});

/** What was exported the last time: Nadi itself can't make a password of a secret's hash. */
export type ExportState = z.output<typeof stateSchema>;

export async function readExportState(folder: string): Promise<ExportState> {
  const text = await readIfThere(path.join(folder, stateFile));
  return text === null ? { devices: {} } : stateSchema.parse(JSON.parse(text));
}

/** Nadi's own login as it was made by an earlier export, or a new one. */
export async function findNadiLogin(folder: string, username: string): Promise<NadiLogin> {
  const text = await readIfThere(path.join(folder, loginFile));
  const value = (name: string): string | undefined =>
    text === null ? undefined : new RegExp(`^${name}=(.+)$`, "m").exec(text)?.[1];
  if (value("NADI_MQTT_USERNAME") === username) {
    const password = value("NADI_MQTT_PASSWORD");
    if (password !== undefined) return { username, password };
  }
  return { username, password: randomBytes(24).toString("base64url") };
}

export function renderNadiLogin({ username, password }: NadiLogin): string {
  return `NADI_MQTT_USERNAME=${username}\nNADI_MQTT_PASSWORD=${password}\n`;
}

/** Each file whole or as it was: a broker may read them at any moment. */
export async function writeExport(
  folder: string,
  content: { files: Readonly<Record<string, string>>; state: ExportState; login: string | null },
): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const { files, state, login } = content;
  const all = {
    ...files,
    ...(login === null ? {} : { [loginFile]: login }),
    [stateFile]: `${JSON.stringify(state)}\n`,
  };
  for (const [name, text] of Object.entries(all)) await writeWhole(path.join(folder, name), text);
  return Object.keys(all);
}

async function writeWhole(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.new`, "w", 0o640);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return null;
  }
}
