import { randomBytes } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";

const fileName = "cluster-sessions.json";

const placeSchema = z.object({
  /** Tells the processes of a deployment apart, in their client ids. */
  node: z.string().regex(/^[0-9a-f]{8}$/),
  /** Client ids below this number may have a session at the cluster. */
  sessions: z.int().min(0),
});

export type ClusterPlace = z.output<typeof placeSchema>;

/**
 * What this data folder has at the cluster. Its sessions outlive the process, and a cluster that
 * deals messages out in turn goes on dealing to those that nobody comes back for.
 */
export async function readPlace(dataDir: string): Promise<ClusterPlace> {
  let text: string;
  try {
    text = await readFile(path.join(dataDir, fileName), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { node: randomBytes(4).toString("hex"), sessions: 0 };
  }
  return placeSchema.parse(JSON.parse(text));
}

/** Durable when it resolves: before a session is made, its number is known. */
export async function writePlace(dataDir: string, place: ClusterPlace): Promise<void> {
  const file = path.join(dataDir, fileName);
  const handle = await open(`${file}.new`, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(place)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}

/** At most 23 characters, which every MQTT 3.1.1 server must take [MQTT-3.1.3-5]. */
export function clientIdOf({ node }: ClusterPlace, index: number): string {
  return `nadi-${node}-${String(index).padStart(3, "0")}`;
}
