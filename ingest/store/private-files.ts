import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";

/** Where people and vehicles were is nobody else's business, whatever the folder above allows. */
const folderMode = 0o700;
const fileMode = 0o600;

/** Makes the folder, or closes one to others that an earlier version has left open. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: folderMode });
  if ((statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, folderMode);
  } catch (error) {
    // Another's folder, or a file system without modes: whoever has set it up decides who reads it.
    if (!isCode(error, "EPERM", "ENOTSUP")) throw error;
  }
}

/** A new file for SQLite, whose WAL and SHM files take its mode; an existing one is not touched. */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, "ax", fileMode));
  } catch (error) {
    // What else stands in the way is told better by opening it.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
