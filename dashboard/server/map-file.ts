import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import type { Readable } from "node:stream";
import { ConfigError } from "../../devices/index.ts";

/** PMTiles, version 3: the file begins with this text and that byte. */
const magic = "PMTiles";
const version = 3;
const headerBytes = 127;
/** Where the header says of what its tiles are, and the number for vector tiles (MVT). */
const tileTypeAt = 99;
const vectorTiles = 1;

/** The operator's map file, open as long as the server runs. */
export interface MapFile {
  sizeBytes: number;
  etag: string;
  /** Both ends are part of it. */
  read(startByte: number, endByte: number): Readable;
  close(): void;
}

/** @throws ConfigError if there is none, or if the map can't be drawn from it. */
export function openMapFile(file: string): MapFile {
  const handle = openOrExplain(file);
  try {
    const { size, mtimeMs } = fstatSync(handle);
    const header = Buffer.alloc(headerBytes);
    const readBytes = readSync(handle, header, 0, headerBytes, 0);
    const isPmtiles = header.toString("latin1", 0, magic.length) === magic;
    if (readBytes < headerBytes || !isPmtiles || header[magic.length] !== version) {
      throw unusable(file, "is no PMTiles file of version 3");
    }
    if (header[tileTypeAt] !== vectorTiles) {
      throw unusable(file, "has no vector tiles (MVT); for images use NADI_MAP_TILES_URL");
    }
    const facts = `${size} ${mtimeMs} ${header.toString("base64")}`;
    const digest = createHash("sha256").update(facts).digest("base64url");
    return {
      sizeBytes: size,
      etag: `"${digest.slice(0, 22)}"`,
      read: (start, end) => createReadStream("", { fd: handle, start, end, autoClose: false }),
      close: () => closeSync(handle),
    };
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

function openOrExplain(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unusable(file, code === "ENOENT" ? "is not there" : `can't be read (${code})`);
  }
}

function unusable(file: string, because: string): ConfigError {
  return new ConfigError([`NADI_MAP_PMTILES names ${file}, which ${because}`]);
}

export type ByteRange = { start: number; end: number } | "whole" | "unsatisfiable";

/**
 * What `Range` asks of `sizeBytes` [RFC 9110 section 14.1.2]. Another unit, or what is no range,
 * is as if it were not there; of several ranges none is given, since maps ask for one at a time.
 */
export function parseByteRange(header: string | undefined, sizeBytes: number): ByteRange {
  const found = /^bytes=(.*)$/i.exec(header?.trim() ?? "");
  if (found === null) return "whole";
  const one = /^\s*(\d{0,15})-(\d{0,15})\s*$/.exec(found[1] ?? "");
  if (one === null) return found[1]?.includes(",") === true ? "unsatisfiable" : "whole";
  const [, first = "", last = ""] = one;
  if (first === "" && last === "") return "whole";
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  // A range that ends before it begins is no range.
  if (last !== "" && Number(last) < start) return "whole";
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}
