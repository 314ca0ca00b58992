import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect, test, type TestContext } from "vitest";
import type { CrashPoint } from "../../broker/journal/crash-points.ts";
import { createRandom } from "../../simulators/load/random.ts";
import { tempFolder } from "../support/nadi-process.ts";
import { compareStore, findWrongBuckets } from "./store-contents.ts";

const seed = 2;
/** Of event time, as the process does it. */
const stepMs = 200;
const roundsEach = 10;
/** From what the store has taken to the checkpoint that says so. */
const points: readonly CrashPoint[] = [
  "store-written",
  "store-synced",
  "before-checkpoint",
  // A checkpoint that says too much would lose something here.
  "after-checkpoint",
];
const clientId = "sppg-jakarta-001.probe-1";

interface Life {
  signal: NodeJS.Signals | null;
  acked: number[];
}

const root = path.resolve(import.meta.dirname, "../..");

async function live({ signal }: TestContext, words: readonly (string | number)[]): Promise<Life> {
  const program = path.join(import.meta.dirname, "recorder-process.ts");
  const child = spawn(process.execPath, [program, ...words.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
    // As the launcher sets it: these lives are mostly starts.
    env: { NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "nadi") },
    killSignal: "SIGTERM",
    signal,
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { signal: child.signalCode, acked: output.split("\n").slice(0, -1).map(Number) };
}

test("a kill between the store and its checkpoint loses nothing and stores nothing twice", async (t) => {
  const dataDir = tempFolder(t);
  const random = createRandom(seed);
  const startMs = Date.now() - 6 * 86_400_000;
  let ackedBelow = 0;
  for (let round = 0; round < points.length * roundsEach; round += 1) {
    const crashPoint = `${points[round % points.length]}:${1 + Math.floor(random() * 3)}`;
    const { signal, acked } = await live(t, [dataDir, crashPoint, ackedBelow, startMs]);
    expect(signal, `seed ${seed}, round ${round}, ${crashPoint}`).toBe("SIGKILL");
    ackedBelow = Math.max(ackedBelow, ...acked.map((seq) => seq + 1));
  }
  expect(await live(t, [dataDir, "finish"])).toEqual({ signal: null, acked: [] });

  const ranges: [number, number][] = [[0, ackedBelow - 1]];
  const report = compareStore(dataDir, {
    // What was under way at a kill may be stored as well.
    acked: [{ clientId, boot: null, sentBelow: Infinity, ranges }],
    isBad: () => false,
    isRight: ({ seq, t: timeMs, value }) => timeMs === startMs + seq * stepMs && value === seq % 40,
  });
  const { rows, ...faults } = report;
  expect(faults, `seed ${seed}, ${ackedBelow} acknowledged`).toEqual({
    missing: [],
    duplicates: [],
    foreign: [],
  });
  expect(rows).toBeGreaterThan(1_000);
  expect(await findWrongBuckets(dataDir)).toEqual([]);
}, 120_000);
