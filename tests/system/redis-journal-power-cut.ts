// Power cuts under the journal on Redis Streams: `node tests/system/redis-journal-power-cut.ts
// --rounds 20 [--server valkey] [--fsync everysec]`. Needs root: Redis, or a Valkey with WAITAOF,
// keeps its files on an ext4 image; each round stops it under load, copies the image as what a
// power cut would have left, and starts it again on the copy; each second copy gets a torn tail.
// Senders live on, so what was not answered comes again; at last Redis is killed once more, for a
// second start runs what the first has left aside. With `--fsync everysec`, accepted as weak, the
// check must find losses.
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openRedisJournal } from "../../broker/journal/redis/open-redis-journal.ts";
import type { PartitionedJournal } from "../../broker/journal/redis/partitioned-journal.ts";
import { reading, textOf } from "../broker/journal/harness.ts";
import { backWithinMs, createLog, readPartition } from "../broker/journal/redis/harness.ts";
import { eventually } from "../support/kitchen.ts";
import { fixAof, lastAofFile } from "../support/aof.ts";
import { copyImage, makeImage, mountImage, whyNoLoopImage } from "../support/loop-image.ts";
import { inNamespace, wordsInNamespace } from "../support/namespace.ts";
import { type Scope, tempFolder, withScope } from "../support/nadi-process.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { valkeyProgram } from "../support/valkey.ts";
import { parseWords } from "../support/words.ts";

export interface RedisPowerCutPlan {
  rounds: number;
  server: "redis" | "valkey";
  fsync: "always" | "everysec";
}

export interface RedisPowerCutResult {
  /** What the server says of itself, and what the journal says that it promises. */
  version: string;
  durability: string;
  rounds: number;
  acknowledged: number;
  /** How many of the cuts fell into a rewrite of Redis' files. */
  rewriting: number;
  /** How often the server did not start before its own tool had cut a torn tail off its files. */
  repaired: number;
  lost: number;
  /** What was found twice or under another offset than was told, or a server that did not start. */
  faults: string[];
}

const imageSize = "96M";
const kitchens = Array.from({ length: 8 }, (_, index) => `sppg-kota-${index}`);
const partitions = 4;
const inFlight = 128;
/** Acknowledgements between the two starts behind a cut. */
const moreAfterCut = 1_000;
/** Longer than a second, after which `everysec` would have synced once. */
const lifeMs = { min: 200, max: 1_700 };
/** Rewritten as often as some of the cuts need. */
const rewriteWords = [
  "--auto-aof-rewrite-min-size",
  "256kb",
  "--auto-aof-rewrite-percentage",
  "50",
];

/** Throws unless `whyNoLoopImage` is `null`. */
export async function cutPowerOfRedis(plan: RedisPowerCutPlan): Promise<RedisPowerCutResult> {
  // What the script below prints.
  const output = await inNamespace("mount", import.meta.filename, [JSON.stringify(plan)]);
  return JSON.parse(output) as RedisPowerCutResult;
}

async function runRounds(plan: RedisPowerCutPlan): Promise<RedisPowerCutResult> {
  const { rounds } = plan;
  const counts = { rounds, acknowledged: 0, rewriting: 0, repaired: 0, lost: 0 };
  const result: RedisPowerCutResult = { version: "", durability: "", ...counts, faults: [] };
  for (let round = 1; round <= rounds; round++) {
    const isTorn = round % 2 === 0;
    await withScope((scope) => runRound(scope, { ...plan, isTorn }, result)).catch(
      (error: unknown) => {
        result.faults.push(`round ${round}: ${String(error)}`);
      },
    );
    const { acknowledged, lost, faults } = result;
    process.stderr.write(
      `${round}: ${acknowledged} acknowledged, ${lost} lost, ${faults.length}\n`,
    );
  }
  return result;
}

async function runRound(
  scope: Scope,
  plan: RedisPowerCutPlan & { isTorn: boolean },
  result: RedisPowerCutResult,
): Promise<void> {
  const work = tempFolder(scope);
  const [image, copy] = [path.join(work, "disk.img"), path.join(work, "crash.img")];
  makeImage(image, imageSize);
  const redis = await startOn(scope, plan, mountImage(scope, image).folder);
  const journal = await open(scope, plan, redis);
  result.version = await versionOf(redis);
  result.durability = journal.durability.kind;
  const sender = sendOn(journal);
  await delay(lifeMs.min + Math.random() * (lifeMs.max - lifeMs.min));
  const stopped = await stopWhole(redis.pid());
  if (stopped.length > 1) result.rewriting++;
  copyImage(image, copy);
  // What it had answered before the stop lies in the socket: it was promised.
  await delay(20);
  for (const pid of stopped.slice(1)) process.kill(pid, "SIGKILL");
  await redis.kill();

  const { folder } = mountImage(scope, copy);
  // Before its files are taken away.
  scope.onTestFinished(() => redis.kill());
  if (plan.isTorn) tearTail(folder);
  const startAgain = (): Promise<void> => redis.start(["--dir", directoryIn(folder)]);
  await startAgain().catch((error: unknown) => {
    if (!String(error).includes("Bad file format")) throw error;
    result.repaired++;
    fixAof(plan.server, directoryIn(folder));
    return startAgain();
  });
  await sender.until(sender.acknowledged.size + moreAfterCut);
  await redis.kill();
  await startAgain();
  await sender.stop();
  result.acknowledged += sender.acknowledged.size;
  const found = await readAll(await open(scope, plan, redis));
  for (const [text, offset] of sender.acknowledged) {
    const at = found.get(text) ?? [];
    if (at.length === 0) result.lost++;
    else if (at.length > 1) result.faults.push(`${text} stands at ${at.join(" and ")}`);
    else if (at[0] !== offset) result.faults.push(`${text} stands at ${at[0]}, told was ${offset}`);
  }
}

async function startOn(
  scope: Scope,
  { server, fsync }: RedisPowerCutPlan,
  folder: string,
): Promise<RedisServer> {
  const directory = directoryIn(folder);
  mkdirSync(directory, { recursive: true });
  const words = ["--dir", directory, "--appendonly", "yes", "--appendfsync", fsync];
  const program = server === "valkey" ? valkeyProgram() : "redis-server";
  return startRedis(scope, { program, args: [...words, ...rewriteWords] });
}

async function open(
  scope: Scope,
  { fsync }: RedisPowerCutPlan,
  { url }: RedisServer,
): Promise<PartitionedJournal> {
  const isWeakAccepted = fsync !== "always";
  const journal = await openRedisJournal({ url, partitions, isWeakAccepted, log: createLog() });
  scope.onTestFinished(() => journal.close());
  return journal;
}

interface Sender {
  /** Each text, and the offset that was told. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Resolves when so many are acknowledged. */
  until(count: number): Promise<void>;
  /** Resolves when everything has been answered. */
  stop(): Promise<void>;
}

function sendOn({ appender }: PartitionedJournal): Sender {
  const acknowledged = new Map<string, number>();
  const ended = Promise.withResolvers<void>();
  let isStopped = false;
  let underWay = inFlight;
  let count = 0;
  const append = (): void => {
    const sppgId = kitchens[count % kitchens.length] ?? "";
    const text = `entry-${++count}`;
    appender.append(reading(text, { principal: `${sppgId}.probe-1` }), (error, offset) => {
      if (error === null) acknowledged.set(text, offset);
      if (!isStopped && error === null) append();
      else if (--underWay === 0) ended.resolve();
    });
  };
  for (let index = 0; index < inFlight; index++) append();
  return {
    acknowledged,
    until: (wanted) =>
      eventually(
        () => Promise.resolve(acknowledged.size),
        (size) => size >= wanted,
        backWithinMs,
      ).then(() => undefined),
    stop() {
      isStopped = true;
      return ended.promise;
    },
  };
}

/** Stops a server and whoever rewrites its files; resolves when no thread of them runs. */
async function stopWhole(pid: number): Promise<number[]> {
  process.kill(pid, "SIGSTOP");
  await untilStopped(pid);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const all = [pid, ...children.split(" ").filter(Boolean).map(Number)];
  for (const child of all.slice(1)) {
    process.kill(child, "SIGSTOP");
    await untilStopped(child);
  }
  return all;
}

/** A sync that is under way ends before its thread stops. */
async function untilStopped(pid: number): Promise<void> {
  const isStopped = (thread: string): boolean =>
    /\) [TZX] /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"));
  while (!readdirSync(`/proc/${pid}/task`).every(isStopped)) await delay(1);
}

/** A stop waits for a sync that is under way; a power cut may leave zeros of what it had begun. */
function tearTail(folder: string): void {
  appendFileSync(lastAofFile(directoryIn(folder)), Buffer.alloc(4_096));
}

function directoryIn(folder: string): string {
  return path.join(folder, "redis");
}

/** Everything that a journal holds, with each offset at which it stands. */
async function readAll(journal: PartitionedJournal): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (let partition = 0; partition < partitions; partition++) {
    for (const entry of await readPartition(await journal.partition(partition))) {
      if (entry.kind !== "publish") continue;
      found.set(textOf(entry), [...(found.get(textOf(entry)) ?? []), entry.offset]);
    }
  }
  return found;
}

async function versionOf(redis: RedisServer): Promise<string> {
  const info = await redis.cli("info", "server");
  const valkey = /valkey_version:(\S+)/.exec(info)?.[1];
  const version = /redis_version:(\S+)/.exec(info)?.[1] ?? "unknown";
  return valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`;
}

async function main(): Promise<number> {
  const { values } = parseWords({
    options: {
      rounds: { type: "string", default: "20" },
      server: { type: "string", default: "redis" },
      fsync: { type: "string", default: "always" },
    },
  });
  const obstacle = whyNoLoopImage();
  if (obstacle !== null) {
    process.stdout.write(`power cut not run: ${obstacle}\n`);
    return 1;
  }
  const result = await cutPowerOfRedis({
    rounds: Number(values.rounds),
    server: values.server === "valkey" ? "valkey" : "redis",
    fsync: values.fsync === "everysec" ? "everysec" : "always",
  });
  const { version, durability, rounds, rewriting, repaired } = result;
  const { acknowledged, lost, faults } = result;
  process.stdout.write(
    `${version}, appendfsync ${values.fsync} (${durability}), ${rounds} power cuts, ` +
      `${rewriting} of them in a rewrite, ${repaired} with a tail to be cut off\n` +
      `acknowledged ${acknowledged}, lost ${lost}, ${faults.length} faults\n` +
      faults
        .slice(0, 10)
        .map((fault) => `fault: ${fault}\n`)
        .join(""),
  );
  return lost === 0 && faults.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  const words = wordsInNamespace(process.argv);
  if (words === null) process.exitCode = await main();
  else {
    const plan = JSON.parse(words[0] ?? "") as RedisPowerCutPlan;
    process.stdout.write(JSON.stringify(await runRounds(plan)));
  }
}
