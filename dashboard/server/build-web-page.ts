// Builds `dashboard/web` into its `dist`, if that is older than its sources. The launcher runs
// this file before `start`; tests call it. Nothing that serves imports it: Vite takes its time.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { pageDirectory } from "./page-directory.ts";

const root = path.resolve(import.meta.dirname, "..", "..");
const webDirectory = path.dirname(pageDirectory);
/** In the built folder; no address of the page, since it has no known type. */
const hashFile = ".sources";

const sources = ["dashboard/web", "dashboard/contract", "devices"];
const sourceFiles = ["package-lock.json", "tsconfig.json"];
/** What the page is made of; the lockfile stands for the packages and for Vite itself. */
export const pageSources: readonly string[] = [...sources, ...sourceFiles];

/** Smaller ones fit into one packet as they are. */
const gzipBytesMin = 1_024;

/** Answers in how many ms it was built; `null`: it was up to date. */
export async function buildWebPage(): Promise<number | null> {
  const hash = hashSources();
  if (hash === builtFrom()) return null;
  const startMs = performance.now();
  const { build } = await import("vite");
  // Beside the old one until it is whole: another build, or a start, may look meanwhile.
  const draft = path.join(root, "node_modules", ".cache", `nadi-page-${process.pid}`);
  try {
    await build({
      configFile: path.join(webDirectory, "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: draft, reportCompressedSize: false },
    });
    compress(draft);
    writeFileSync(path.join(draft, hashFile), hash);
    putInPlace(draft, hash);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return performance.now() - startMs;
}

/**
 * The old page goes aside as a whole before the new one comes: a build at the same moment, which
 * two tests may start, must find a page or none, and never delete from ours.
 */
function putInPlace(draft: string, hash: string): void {
  const aside = `${draft}.old`;
  for (;;) {
    moveIfThere(pageDirectory, aside);
    try {
      renameSync(draft, pageDirectory);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
      // Another one came between: it will do, unless it is of other sources.
      if (builtFrom() === hash) return;
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function hashSources(): string {
  const hash = createHash("sha256");
  const names = [...sources.flatMap(listBelow), ...sourceFiles];
  for (const name of names.toSorted()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(path.join(root, name)))
      .update("\0");
  }
  return hash.digest("hex");
}

function listBelow(folder: string): string[] {
  const built = path.relative(root, pageDirectory);
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith(built) && !name.endsWith(".md"));
}

function builtFrom(): string | null {
  try {
    return readFileSync(path.join(pageDirectory, hashFile), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Once here instead of at each answer. */
function compress(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(?:html|js|css|svg|json)$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const body = readFileSync(file);
    if (body.length >= gzipBytesMin) writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
  }
}

if (import.meta.main) {
  const tookMs = await buildWebPage();
  if (tookMs !== null) {
    process.stderr.write(`nadi: built the page in ${(tookMs / 1_000).toFixed(1)} s\n`);
  }
}
