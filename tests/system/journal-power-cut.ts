// Power cuts on a real file system: `node tests/system/journal-power-cut.ts --rounds 100`.
// Needs root: it makes an ext4 image, mounts it in a mount namespace of its own, stops the writer
// with the image as it is, copies the image as what a power cut would have left, and recovers.
import { spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import { copyImage, makeImage, mountImage, whyNoLoopImage } from "../support/loop-image.ts";
import { inNamespace, wordsInNamespace } from "../support/namespace.ts";
import { tempFolder, withScope } from "../support/nadi-process.ts";
import { parseWords } from "../support/words.ts";

/** A long run would only fill the image, and an image that is small is copied soon. */
const imageSize = "64M";
/** The writer runs for a random time up to this. */
const runMsMax = 700;

export interface PowerCutResult {
  rounds: number;
  acknowledged: number;
  lost: string[];
}

/** Throws unless `whyNoLoopImage` is `null`. */
export async function cutPowerOfJournal(rounds: number): Promise<PowerCutResult> {
  // What the script below prints.
  const output = await inNamespace("mount", import.meta.filename, [String(rounds)]);
  return JSON.parse(output) as PowerCutResult;
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
  await delay(Math.random() * runMsMax);
  writer.kill("SIGSTOP");
  // What was printed before the stop is in the pipe: it was acknowledged before the power went.
  await delay(20);
  const acknowledged = output.split("\n").slice(0, -1);
  copyImage(image, copy);
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

async function runRounds(rounds: number): Promise<PowerCutResult> {
  const result: PowerCutResult = { rounds, acknowledged: 0, lost: [] };
  for (let round = 0; round < rounds; round++) {
    await withScope(async (scope) => {
      const work = tempFolder(scope);
      const [image, copy] = [path.join(work, "disk.img"), path.join(work, "crash.img")];
      makeImage(image, imageSize);
      const disk = mountImage(scope, image);
      const acknowledged = await writeAndCopy(disk.folder, image, copy);
      const found = await recover(mountImage(scope, copy).folder);
      result.acknowledged += acknowledged.length;
      result.lost.push(...acknowledged.filter((line) => !found.has(line)));
    });
  }
  return result;
}

async function main(): Promise<number> {
  const { values } = parseWords({ options: { rounds: { type: "string", default: "100" } } });
  const obstacle = whyNoLoopImage();
  const result = obstacle === null ? await cutPowerOfJournal(Number(values.rounds)) : null;
  console.log(result === null ? `power cut not run: ${obstacle}` : JSON.stringify(result));
  return result !== null && result.lost.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  const words = wordsInNamespace(process.argv);
  if (words === null) process.exitCode = await main();
  else process.stdout.write(JSON.stringify(await runRounds(Number(words[0]))));
}
