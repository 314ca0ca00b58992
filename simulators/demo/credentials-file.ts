import { access, constants, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { DeviceCredentials } from "../device/device-client.ts";
import { SimulatorsError } from "../errors.ts";

/** In the data folder, so that printed lines work again after a restart. */
export const demoCredentialsFile = "demo-credentials.json";

export function demoCredentialsPath(dataDir: string): string {
  return path.join(dataDir, demoCredentialsFile);
}

/** Rows as `nadi device add --json` prints them: the load generator reads the file too. */
export interface DemoCredentials extends DeviceCredentials {
  topic: string;
}

const rows = z.array(
  z.object({
    sppgId: z.string(),
    deviceId: z.string(),
    clientId: z.string(),
    username: z.string(),
    password: z.string(),
    topic: z.string(),
  }),
);

/** Empty when there is no such file. */
export async function readDemoCredentials(file: string): Promise<DemoCredentials[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const parsed = rows.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new SimulatorsError(
    "SIMULATORS_CREDENTIALS_INVALID",
    `${file}: expected an array of what "nadi device add --json" prints`,
    { cause: parsed.error },
  );
}

/** Before anything is registered: a secret that can't be kept is lost, and its device stays. */
export async function prepareDemoCredentials(file: string): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await access(folder, constants.W_OK);
}

/** Replaces the file as a whole; only its owner may read it. */
export async function writeDemoCredentials(
  file: string,
  credentials: readonly DemoCredentials[],
): Promise<void> {
  const draft = `${file}.new`;
  const lines = credentials.map((row) => JSON.stringify(row));
  await writeFile(draft, `[\n${lines.join(",\n")}\n]\n`, { mode: 0o600, flush: true });
  await rename(draft, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it, and names the file.
    return null;
  }
}
