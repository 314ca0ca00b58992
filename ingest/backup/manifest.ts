import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { backupError, isMissing } from "./errors.ts";
import { privateFile, syncPath } from "./files.ts";

/** Written last: a folder without it holds no backup. */
export const manifestName = "backup.json";
/** Stands there from the first moment on, and becomes the manifest. */
export const draftName = "backup.json.part";
const format = 1;

/** The only names that a restore writes: nothing that a manifest says leads out of the folder. */
const filePattern = new RegExp(
  [
    String.raw`^(?:records\.sqlite|[a-z0-9-]{1,60}\.json`,
    String.raw`journal/(?:\d{16}\.seg|[a-z][a-z0-9-]{0,62}\.cursor)`,
    String.raw`readings/(?:day|month|year)-\d{4}(?:-\d\d){0,2}\.sqlite`,
    String.raw`readings/(?:suspects\.sqlite|upkeep-day))$`,
  ].join("|"),
);

const offset = z.number().int().min(0);

const manifestSchema = z.object({
  format: z.literal(format),
  nadiVersion: z.string(),
  createdAt: z.iso.datetime(),
  /** The backup holds what was acknowledged up to this offset of the journal. */
  offset,
  /** The journal's own part of that begins here; the rest is in the readings and records. */
  firstOffset: offset,
  /** Up to here the readings are in the store's files. */
  recorderOffset: offset,
  /** Up to here the records hold what follows from the readings. */
  monitorOffset: offset.nullable(),
  /** The last change of registry, rights and rules that the records hold. */
  changeSeq: offset,
  /** `influxdb`: the readings lie there, and are backed up by its own tools. */
  readings: z.enum(["included", "influxdb"]),
  files: z
    .array(
      z.object({
        path: z.string().regex(filePattern),
        bytes: z.number().int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFacts = Omit<Manifest, "format" | "nadiVersion">;

/** The names are the schema's, in its order, so that the same manifest has the same digest. */
function digestOf(manifest: Manifest): string {
  return createHash("sha256")
    .update(JSON.stringify(manifestSchema.parse(manifest)))
    .digest("hex");
}

/** Turns the draft into the manifest: from then on the folder holds a backup. */
export async function writeManifest(folder: string, facts: ManifestFacts): Promise<Manifest> {
  const manifest: Manifest = { format, nadiVersion: await readVersion(), ...facts };
  const text = JSON.stringify({ ...manifest, sha256: digestOf(manifest) }, null, 2);
  const draft = path.join(folder, draftName);
  await writeFile(draft, `${text}\n`, { mode: privateFile, flush: true });
  await rename(draft, path.join(folder, manifestName));
  await syncPath(folder);
  return manifest;
}

/** Rejects with what is wrong with the folder. Its files are not looked at. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readText(folder);
  const stated = parseJson(text);
  const newer = z.object({ format: z.number().min(format + 1) }).safeParse(stated);
  if (newer.success) {
    const message = `A newer Nadi has written the backup in ${folder}: restore it with that one.`;
    throw backupError("BACKUP_NEWER_THAN_CODE", message);
  }
  const parsed = manifestSchema.extend({ sha256: z.string() }).safeParse(stated);
  if (parsed.success) {
    const { sha256, ...manifest } = parsed.data;
    if (sha256 === digestOf(manifest)) return manifest;
  }
  const message = `${path.join(folder, manifestName)} is damaged: take another backup.`;
  throw backupError("BACKUP_DAMAGED", message);
}

async function readText(folder: string): Promise<string> {
  try {
    return await readFile(path.join(folder, manifestName), "utf8");
  } catch (error) {
    if (!isMissing(error)) throw error;
    const message = `${folder} holds no finished backup: there is no ${manifestName} in it.`;
    throw backupError("BACKUP_INCOMPLETE", message, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it, and names the file.
    return null;
  }
}

async function readVersion(): Promise<string> {
  const place = path.join(import.meta.dirname, "..", "..", "package.json");
  return z.object({ version: z.string() }).parse(JSON.parse(await readFile(place, "utf8"))).version;
}
