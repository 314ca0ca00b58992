// Power cuts on a real file system: `node tests/system/journal-power-cut.ts --rounds 100`.
// Needs root: it makes an ext4 image, mounts it in a mount namespace of its own, stops the writer
// with the image as it is, copies the image as what a power cut would have left, and recovers.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openFileJournal } from "../../broker/journal/file-journal.ts";

const IN_NAMESPACE = "--in-namespace";
/** `cp` is not atomic, so that the image stays small and the writer stopped. */
const IMAGE_SIZE = "64M";
/** The writer runs for a random time up to this; a long run would only fill the image. */
const RUN_MS_MAX = 700;

export interface PowerCutResult {
  rounds: number;
  acknowledged: number;
  lost: string[];
}

/** Why power cuts can't be tried here, or null when they can. */
export function whyNoPowerCut(): string | null {
  if (process.getuid?.() !== 0) return "needs root";
  try {
    inNamespace(["probe"]);
    return null;
  } catch (error) {
    return `needs mkfs.ext4 and loop mounts: ${error instanceof Error ? error.message : "failed"}`;
  }
}

export function cutPower(rounds: number): PowerCutResult {
  return JSON.parse(inNamespace([String(rounds)]));
}

function inNamespace(args: string[]): string {
  const script = import.meta.filename;
  const command = ["-m", process.execPath, script, IN_NAMESPACE, ...args];
  return execFileSync("unshare", command, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Mounts a copy of the image for as long as something is done with it. */
async function mounted<Result>(image: string, use: (folder: string) => Promise<Result>) {
  const folder = `${image}.mnt`;
  mkdirSync(folder, { recursive: true });
  run("mount", "-o", "loop", image, folder);
  try {
    return await use(folder);
  } finally {
    run("umount", folder);
  }
}

/** One writer on one image, stopped at a random moment; resolves to what it acknowledged. */
async function writeAndCopy(folder: string, image: string, copy: string): Promise<string[]> {
  const script = path.join(import.meta.dirname, "journal-writer.ts");
  const writer = spawn(process.execPath, [script, `${folder}/journal`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => writer.once("exit", () => resolve()));
  let output = "";
  const started = new Promise<void>((resolve) => {
    writer.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      resolve();
    });
  });
  await Promise.race([started, ended]);
  await delay(Math.random() * RUN_MS_MAX);
  writer.kill("SIGSTOP");
  // What was printed before the stop is in the pipe: it was acknowledged before the power went.
  await delay(20);
  const acknowledged = output.split("\n").slice(0, -1);
  cpSync(image, copy);
  writer.kill("SIGKILL");
  await ended;
  return acknowledged;
}

async function recover(folder: string): Promise<Set<string>> {
  const journal = await openFileJournal({
    directory: `${folder}/journal`,
    freeBytesMin: 0,
    reserveBytes: 0,
  });
  const found = new Set<string>();
  for (let next = 1; ; ) {
    const batch = await journal.read(next, { entriesMax: 10_000, bytesMax: 1_000_000 });
    for (const entry of batch.entries) {
      if (entry.kind !== "publish") continue;
      found.add(`${entry.offset} ${Buffer.from(entry.payload).toString()}`);
    }
    if (batch.entries.length === 0) break;
    next = batch.nextOffset;
  }
  await journal.close();
  return found;
}

async function main(rounds: number): Promise<PowerCutResult> {
  const work = mkdtempSync(path.join(tmpdir(), "nadi-power-cut-"));
  const result: PowerCutResult = { rounds, acknowledged: 0, lost: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      const image = `${work}/disk.img`;
      const copy = `${work}/crash.img`;
      rmSync(image, { force: true });
      run("truncate", "-s", IMAGE_SIZE, image);
      run("mkfs.ext4", "-q", image);
      const acknowledged = await mounted(image, (folder) => writeAndCopy(folder, image, copy));
      const found = await mounted(copy, recover);
      result.acknowledged += acknowledged.length;
      result.lost.push(...acknowledged.filter((line) => !found.has(line)));
    }
    return result;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function inside(args: readonly string[]): Promise<void> {
  const rounds = args[0] === "probe" ? 0 : Number(args[0]);
  if (rounds > 0) {
    process.stdout.write(JSON.stringify(await main(rounds)));
    return;
  }
  const work = mkdtempSync(path.join(tmpdir(), "nadi-power-cut-"));
  try {
    run("truncate", "-s", "8M", `${work}/disk.img`);
    run("mkfs.ext4", "-q", `${work}/disk.img`);
    await mounted(`${work}/disk.img`, async () => {});
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [first, ...rest] = process.argv.slice(2);
  if (first === IN_NAMESPACE) {
    await inside(rest);
  } else {
    const { values } = parseArgs({ options: { rounds: { type: "string", default: "100" } } });
    const obstacle = whyNoPowerCut();
    const result = obstacle === null ? cutPower(Number(values.rounds)) : null;
    console.log(result === null ? `power cut not run: ${obstacle}` : JSON.stringify(result));
    process.exitCode = result !== null && result.lost.length === 0 ? 0 : 1;
  }
}
