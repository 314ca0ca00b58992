// `node tests/system/power-cut.ts --rounds 20 [--seed N]`: power cuts under a whole `nadi serve`.
// Journal, store and records lie on an ext4 image; each round stops serve at a random moment under
// load, copies the image as what a power cut would have left, and goes on from the copy, with the
// same devices. Needs root (R3).
import { rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/kitchen.ts";
import { copyImage, makeImage, mountImage, whyNoLoopImage } from "../support/loop-image.ts";
import { inNamespace, wordsInNamespace } from "../support/namespace.ts";
import { type Scope, tempFolder, withScope } from "../support/nadi-process.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { parseWords } from "../support/words.ts";
import { faultsOfSite, slowly, startSite } from "./site.ts";
import { findWrongBuckets } from "./store-contents.ts";

export interface PowerCutReport {
  seed: number;
  rounds: number;
  acked: number;
  rows: number;
  alerts: number;
  /** From the spawn on the copy until both consumers were level, a value a round. */
  levelMs: number[];
  faults: string[];
}

const imageSize = "256M";
const mebibyte = 2 ** 20;
/** So that the image has room, and segments end near some of the cuts. */
const env = {
  NADI_MIN_FREE_BYTES: String(8 * mebibyte),
  NADI_JOURNAL_RESERVE_BYTES: String(mebibyte),
  NADI_MAX_JOURNAL_SEGMENT_BYTES: String(mebibyte / 4),
};
/** Long enough for checkpoints and for trimming, which come every few seconds. */
const lifeMs = { min: 1_000, max: 6_000 };
const alertDueWithinMs = 60_000;

/** Throws unless `whyNoLoopImage` is `null`. */
export async function cutPower(plan: { rounds: number; seed: number }): Promise<PowerCutReport> {
  const words = [plan.rounds, plan.seed].map(String);
  // What the script below prints.
  return JSON.parse(await inNamespace("mount", import.meta.filename, words)) as PowerCutReport;
}

async function runRounds(scope: Scope, rounds: number, seed: number): Promise<PowerCutReport> {
  const random = seededRandom(seed);
  const work = tempFolder(scope);
  const imageOf = (round: number): string => path.join(work, `disk-${round}.img`);
  makeImage(imageOf(0), imageSize);
  let disk = mountImage(scope, imageOf(0));
  const report: PowerCutReport = {
    seed,
    rounds,
    acked: 0,
    rows: 0,
    alerts: 0,
    levelMs: [],
    faults: [],
  };
  const dataOf = (folder: string): string => path.join(folder, "data");
  const lastsMs = rounds * (lifeMs.max + 4_000);
  const plan = { scope, seed, servers: null, perSecond: 1_000, lastsMs, env };
  const site = await startSite({ ...plan, dataDir: dataOf(disk.folder) });
  // On a busy machine the first cut would come before any: it would show nothing of them.
  await eventually(
    slowly(async () => site.alertsDue()),
    (due) => due > 0,
    alertDueWithinMs,
  );
  for (let round = 1; round <= rounds; round += 1) {
    await delay(lifeMs.min + random() * (lifeMs.max - lifeMs.min));
    site.nadi.signal("SIGSTOP");
    copyImage(imageOf(round - 1), imageOf(round));
    await site.nadi.kill();
    disk.unmount();
    rmSync(imageOf(round - 1));

    disk = mountImage(scope, imageOf(round));
    const startMs = performance.now();
    await site.startAgain(dataOf(disk.folder));
    await site.rest();
    report.levelMs.push(performance.now() - startMs);
    const found = await site.compare();
    const wrong = await findWrongBuckets(site.dataDir);
    const faults = [...faultsOfSite(found), ...wrong.slice(0, 3).map((one) => `sums: ${one}`)];
    report.faults.push(...faults.map((fault) => `round ${round}: ${fault}`));
    Object.assign(report, {
      acked: found.acked,
      rows: found.store.rows,
      alerts: found.alerts.rows,
    });
    process.stderr.write(`round ${round}: ${found.acked} acknowledged, ${faults.length} faults\n`);
    await site.resume();
  }
  await site.load.stop();
  await site.nadi.stop();
  return report;
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      rounds: { type: "string", default: "20" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const obstacle = whyNoLoopImage();
  if (obstacle !== null) {
    process.stdout.write(`power cut not run: ${obstacle}\n`);
    return 1;
  }
  const report = await cutPower({ rounds: Number(values.rounds), seed: Number(values.seed) });
  const { acked, rows, alerts, levelMs, faults } = report;
  process.stdout.write(
    `seed ${report.seed}, ${report.rounds} power cuts under serve\n` +
      `acknowledged  ${acked}, ${rows} rows, ${alerts} alerts\n` +
      `level again   ${Math.round(Math.max(...levelMs))} ms after the start at worst\n` +
      `${faults.length} faults\n${faults.map((fault) => `fault: ${fault}\n`).join("")}`,
  );
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  const words = wordsInNamespace(process.argv);
  if (words === null) process.exitCode = await main();
  else {
    const [rounds, seed] = words.map(Number);
    const report = await withScope((scope) => runRounds(scope, rounds ?? 1, seed ?? 1));
    process.stdout.write(JSON.stringify(report));
  }
}
