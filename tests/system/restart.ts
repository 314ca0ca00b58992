// `node tests/system/restart.ts --entries 10000000`: how long `nadi serve` takes to accept again
// after a `kill -9` with so many entries waiting that nobody has consumed.
import path from "node:path";
import { openFileJournal } from "../../broker/journal/file-journal.ts";
import type { PublishEntry } from "../../broker/journal/journal.ts";
import { provision } from "../bench/provision.ts";
import { readMemory } from "../bench/process-stats.ts";
import {
  fixedPort,
  type Scope,
  signIn,
  spawnNadi,
  tempFolder,
  timeToConnackMs,
  withScope,
} from "../support/nadi-process.ts";
import { packets } from "../support/mqtt-wire.ts";
import { parseWords } from "../support/words.ts";

export interface RestartReport {
  entries: number;
  journalBytes: number;
  openMs: number;
  acceptMs: number;
  /** From the spawn to the PUBACK of a first reading. */
  ackedMs: number;
  residentMb: number;
  /** The offset of the first entry of the new process, as the log says it: all before is kept. */
  syncedOffset: number;
}

/** Appends in flight while the journal is filled. */
const inFlight = 5_000;

/** Fills a journal in this process, as the broker would, but without a device for each entry. */
async function fill(dataDir: string, entry: PublishEntry, count: number): Promise<number> {
  const journal = await openFileJournal({ directory: path.join(dataDir, "journal") });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let done = 0;
  const answered = (error: Error | null): void => {
    if (error !== null) reject(error);
    done += 1;
    if (done === count) resolve();
    if (sent < count) append();
  };
  const append = (): void => {
    sent += 1;
    journal.append(entry, answered);
  };
  while (sent < Math.min(inFlight, count)) append();
  await promise;
  const { bytesOnDisk } = journal.stats();
  await journal.close();
  return bytesOnDisk;
}

export async function runRestart(scope: Scope, entries: number): Promise<RestartReport> {
  const dataDir = tempFolder(scope);
  const [device] = await provision(dataDir, 1);
  if (device === undefined) throw new Error("no device was provisioned");
  const entry: PublishEntry = {
    kind: "publish",
    principal: device.clientId,
    topicName: device.topicName,
    payload: Buffer.from('{"celsius":73.2}'),
    qos: 1,
  };
  const journalBytes = await fill(dataDir, entry, entries);
  const port = await fixedPort();
  // The first start ends by `kill -9`; the second one is measured.
  const killed = spawnNadi(scope, { dataDir, mqttPort: port });
  await timeToConnackMs(scope, killed, { port, device });
  await killed.kill();

  const nadi = spawnNadi(scope, { dataDir, mqttPort: port });
  const acceptMs = await timeToConnackMs(scope, nadi, { port, device });
  if (acceptMs === null) throw new Error(`serve ended:\n${nadi.stderr()}`);
  const client = await signIn(scope, { port, device });
  client.send(packets.publish({ topicName: device.topicName, qos: 1, payload: "{}" }));
  await client.next("puback");
  const ackedMs = performance.now() - nadi.spawnedAtMs;
  const open = await nadi.line("journal open");
  const residentMb = readMemory(nadi.pid()).residentKb / 1024;
  await nadi.stop();
  const { openMs, syncedOffset } = open;
  return {
    entries,
    journalBytes,
    openMs: Number(openMs),
    acceptMs,
    ackedMs,
    residentMb,
    syncedOffset: Number(syncedOffset),
  };
}

async function main(): Promise<number> {
  const { values } = parseWords({ options: { entries: { type: "string", default: "10000000" } } });
  const report = await withScope((scope) => runRestart(scope, Number(values.entries)));
  const { acceptMs, ackedMs, openMs, residentMb } = report;
  process.stdout.write(
    `${report.entries} entries waiting, ${Math.round(report.journalBytes / 2 ** 20)} MiB\n` +
      `journal open       ${openMs} ms\n` +
      `first CONNACK      ${Math.round(acceptMs)} ms after the spawn (budget 1,000 ms)\n` +
      `first PUBACK       ${Math.round(ackedMs)} ms after the spawn\n` +
      `resident memory    ${Math.round(residentMb)} MiB\n` +
      `offsets kept       ${report.syncedOffset}\n`,
  );
  return report.syncedOffset >= report.entries ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
