import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isMissing } from "./errors.ts";

/** Of its owner alone: a backup holds password hashes, and where people and vehicles were. */
export const privateFolder = 0o700;
export const privateFile = 0o600;

export interface FileDigest {
  bytes: number;
  sha256: string;
}

export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Copies a file anew, and answers what was written. Durable when it resolves; its name is not. */
export async function copyFile(from: string, to: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const target = createWriteStream(to, { mode: privateFile, flush: true });
  await pipeline(createReadStream(from), measure, target);
  return { bytes, sha256: hash.digest("hex") };
}

/** Puts a file's content on disk, or the names in a folder. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A missing folder is an empty one. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
