import { closeSync, cpSync, openSync, readSync, statSync, truncateSync, writeSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { startLoad } from "../../simulators/index.ts";
import { createRandom } from "../../simulators/load/random.ts";
import { provision } from "../bench/provision.ts";
import { holdJournal } from "../support/hold-journal.ts";
import { runNadi, type Scope, signIn, startNadi, tempFolder } from "../support/nadi-process.ts";
import { JournalContents, segmentFiles } from "./journal-contents.ts";

const seed = 77;
const starts = 20;
const devicesCount = 5;
/** One record and what may be torn with it: the record whose bytes were cut or flipped. */
const recordsHitMax = 1;

/** A journal of a few segments, left by `kill -9`. */
async function writeJournal(scope: Scope) {
  const dataDir = tempFolder(scope);
  const devices = await provision(dataDir, devicesCount);
  // The consumers let go of nothing, so that what is lost is what was hit.
  holdJournal(dataDir);
  const env = { NADI_MAX_JOURNAL_SEGMENT_BYTES: "65536" };
  const nadi = await startNadi(scope, { dataDir, env });
  const load = await startLoad({
    port: nadi.mqttPort,
    devices,
    pace: { kind: "full" },
    messagesPerDevice: 400,
    reconnect: null,
  });
  await load.finished;
  const acked = load.acked();
  await nadi.kill();
  await load.stop({ drainMs: 0 });
  return { dataDir, acked, devices, env };
}

function flipBit(file: string, position: number, bit: number): void {
  const descriptor = openSync(file, "r+");
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, position);
  byte.writeUInt8(byte.readUInt8(0) ^ (1 << bit));
  writeSync(descriptor, byte, 0, 1, position);
  closeSync(descriptor);
}

interface Damage {
  what: string;
  cutBytes: number;
  /** The active file's end is cut without a trace: what lay there may never have been synced. */
  isInActiveFile: boolean;
}

/** Cuts the last file, whose tail a crash may tear, or flips one bit of any file. */
function damage(dataDir: string, random: () => number): Damage {
  const files = segmentFiles(dataDir);
  if (random() < 0.5) {
    const file = files.at(-1) ?? "";
    const { size } = statSync(file);
    const left = Math.floor(random() * size);
    truncateSync(file, left);
    const what = `${path.basename(file)} cut at ${left} of ${size}`;
    return { what, cutBytes: size - left, isInActiveFile: true };
  }
  const file = files[Math.floor(random() * files.length)] ?? "";
  const position = Math.floor(random() * statSync(file).size);
  const bit = Math.floor(random() * 8);
  flipBit(file, position, bit);
  const what = `${path.basename(file)} bit ${bit} of byte ${position}`;
  return { what, cutBytes: 0, isInActiveFile: file === files.at(-1) };
}

test("serve starts on a cut or flipped journal and loses only what was hit", async (t) => {
  const { dataDir, acked, devices, env } = await writeJournal(t);
  const random = createRandom(seed);
  const whole = new JournalContents(dataDir);
  await whole.readOn();
  expect(whole.findMissing(acked)).toEqual([]);
  const recordBytes = Math.floor((await whole.inspect()).bytes / whole.entries);

  for (let start = 0; start < starts; start += 1) {
    const copy = tempFolder(t);
    cpSync(dataDir, copy, { recursive: true });
    const { what, cutBytes, isInActiveFile } = damage(copy, random);
    const nadi = await startNadi(t, { dataDir: copy, env });
    const [device] = devices;
    if (device === undefined) throw new Error("no device was provisioned");
    await signIn(t, { port: nadi.mqttPort, device });
    await nadi.stop();

    const left = new JournalContents(copy);
    await left.readOn();
    const lost = left.findMissing(acked).length;
    const hitMax = recordsHitMax + Math.ceil(cutBytes / (recordBytes * 0.8));
    expect(lost, `seed ${seed}, start ${start}: ${what}`).toBeLessThanOrEqual(hitMax);
    const inspected = await runNadi(copy, ["journal", "inspect", "--json"]);
    expect(inspected.code, inspected.stderr).toBe(0);
    const { damagedRecords } = JSON.parse(inspected.stdout) as { damagedRecords: number };
    expect(damagedRecords, what).toBeGreaterThanOrEqual(isInActiveFile ? 0 : lost);
    expect(left.findForeign(whole), "a reading at another's offset").toEqual([]);
  }
}, 120_000);
