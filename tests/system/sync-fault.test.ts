import path from "node:path";
import { expect, test } from "vitest";
import { type Load, startLoad } from "../../simulators/index.ts";
import { provision } from "../bench/provision.ts";
import { readMemory } from "../bench/process-stats.ts";
import {
  fixedPort,
  type NadiProcess,
  type Scope,
  startNadi,
  tempFolder,
} from "../support/nadi-process.ts";
import { holdJournal } from "../support/hold-journal.ts";
import { countAcked, JournalContents, segmentFiles } from "./journal-contents.ts";
import { whyNoStrace } from "./needs.ts";

const noStrace = whyNoStrace();

const firstSegment = "0000000000000001.seg";

/** `strace` counts calls a thread: with one thread for files, the n-th sync is the n-th group. */
const oneFileThread = { UV_THREADPOOL_SIZE: "1" };

function strace(dataDir: string, inject: string, more: readonly string[] = []): string[] {
  const output = path.join(dataDir, "strace.log");
  const traced = ["-e", "trace=fdatasync", "-e", `inject=fdatasync:${inject}`];
  return ["strace", "-f", "--seccomp-bpf", "-qq", "-o", output, ...traced, ...more];
}

interface Faulty {
  dataDir: string;
  nadi: NadiProcess;
  load: Load;
}

async function startFaulty(
  scope: Scope,
  options: { inject: string; firstSegmentOnly: boolean; keepAliveSeconds?: number },
): Promise<Faulty> {
  const dataDir = tempFolder(scope);
  const devices = await provision(dataDir, 20);
  // What was acknowledged is looked for in the journal, also after a stop of the consumers.
  holdJournal(dataDir);
  const traced = path.join(dataDir, "journal", firstSegment);
  const only = options.firstSegmentOnly ? ["-P", traced] : [];
  const mqttPort = await fixedPort();
  const wrap = strace(dataDir, options.inject, only);
  const nadi = await startNadi(scope, { dataDir, mqttPort, wrap, env: oneFileThread });
  const load = await startLoad({
    port: mqttPort,
    devices,
    window: 128,
    pace: { kind: "rate", perSecond: 2_000 },
    keepAliveSeconds: options.keepAliveSeconds ?? 60,
    boot: 1,
  });
  scope.onTestFinished(async () => {
    await load.stop({ drainMs: 0 });
  });
  return { dataDir, nadi, load };
}

async function acknowledged(load: Load, more: number): Promise<void> {
  const goal = load.stats().acked + more;
  await expect.poll(() => load.stats().acked, { timeout: 20_000 }).toBeGreaterThanOrEqual(goal);
}

/**
 * The n-th sync of the first file fails: what was acknowledged is in the journal all the same.
 * Answers which offsets the next start changes.
 */
async function failOneSync(scope: Scope, failing: number): Promise<number[]> {
  const inject = `error=EIO:when=${failing}`;
  const { dataDir, nadi, load } = await startFaulty(scope, { inject, firstSegmentOnly: true });
  const newest = (): string => path.basename(segmentFiles(dataDir).at(-1) ?? firstSegment);
  await expect.poll(newest, { timeout: 20_000 }).not.toBe(firstSegment);
  await acknowledged(load, 1_000);
  await nadi.kill();

  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(contents.findMissing(load.acked()), `sync ${failing} fails`).toEqual([]);
  const { segments, damagedRecords } = await contents.inspect();
  expect(damagedRecords).toBe(0);
  // The first sync is the header's: a file that holds nothing goes, and is not fenced.
  const fenced = segments.filter(({ file, fenced }) => file === firstSegment && fenced);
  expect(fenced.length).toBe(failing > 2 ? 1 : 0);
  const next = await startNadi(scope, { dataDir });
  await next.stop();
  await load.stop({ drainMs: 0 });
  return contents.findChanged();
}

test("nothing is acknowledged from a file whose sync has failed", async (t) => {
  t.skip(noStrace !== null, noStrace ?? "");
  // None of them has a deadline: they need not wait for each other.
  const changed = await Promise.all([1, 7, 60].map((failing) => failOneSync(t, failing)));
  expect(changed).toEqual([[], [], []]);
}, 120_000);

test("while every sync fails PUBACKs are withheld, and the next start gives what is due", async (t) => {
  t.skip(noStrace !== null, noStrace ?? "");
  const inject = "error=EIO:when=40+";
  const { dataDir, nadi, load } = await startFaulty(t, { inject, firstSegmentOnly: false });
  const withheld = await nadi.line("acknowledgements withheld");
  expect(withheld).toMatchObject({ reason: "sync-error" });
  const ackedBefore = countAcked(load.acked());
  const ready = await fetch(`${nadi.httpUrl}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain("sync-error");
  expect((await fetch(`${nadi.httpUrl}/livez`)).status).toBe(200);

  const exit = await nadi.stop();
  expect(exit.ms).toBeLessThan(5_000);
  expect(countAcked(load.acked()), "while no sync succeeds").toBe(ackedBefore);

  const { mqttPort } = nadi;
  const next = await startNadi(t, { dataDir, mqttPort });
  await acknowledged(load, 1_000);
  const stats = await load.stop();
  await next.stop();
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(contents.findMissing(load.acked())).toEqual([]);
  expect(stats.inFlight).toBe(0);
});

test("on a slow disk keepalives are answered, and a PUBACK takes as long as its sync", async (t) => {
  t.skip(noStrace !== null, noStrace ?? "");
  const syncMs = 300;
  const { nadi, load, dataDir } = await startFaulty(t, {
    inject: `delay_enter=${syncMs * 1_000}`,
    firstSegmentOnly: true,
    keepAliveSeconds: 1,
  });
  // What the consumers' threads take once they work is no matter of the disk.
  await acknowledged(load, 4_000);
  const before = readMemory(nadi.pid()).residentKb;
  load.measure();
  await acknowledged(load, 8_000);

  const stats = load.stats();
  expect(stats.disconnects).toBe(0);
  expect(stats.latency.p50Us / 1_000).toBeGreaterThan(syncMs * 0.9);
  // One's own sync and the one under way, and the timer of a busy machine.
  expect(stats.latency.p99Us / 1_000).toBeLessThan(syncMs * 5);
  expect(readMemory(nadi.pid()).residentKb - before, "KB more in memory").toBeLessThan(65_536);
  expect((await fetch(`${nadi.httpUrl}/readyz`)).status).toBe(200);
  await nadi.kill();
  const contents = new JournalContents(dataDir);
  await contents.readOn();
  expect(contents.findMissing(load.acked())).toEqual([]);
});
