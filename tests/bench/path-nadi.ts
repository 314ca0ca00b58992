import { setTimeout as delay } from "node:timers/promises";
import { parsePrincipal } from "../../devices/index.ts";
import type { LoadDevice } from "../../simulators/index.ts";
import { type ApiClient, signInPerson } from "../support/kitchen.ts";
import { type NadiProcess, type Scope, startNadi } from "../support/nadi-process.ts";
import type { Provisioned } from "./provision.ts";

/** A whole `nadi serve`, and an operator who is signed in. */
export interface PathNadi {
  readonly process: NadiProcess;
  readonly api: ApiClient;
}

export interface PathNadiOptions {
  /** Provisioned. */
  dataDir: string;
  operator: Provisioned["operator"];
  env?: Readonly<Record<string, string>>;
}

export async function startPathNadi(scope: Scope, options: PathNadiOptions): Promise<PathNadi> {
  const { dataDir, operator, env = {} } = options;
  const nadi = await startNadi(scope, { dataDir, env });
  return { process: nadi, api: await signInPerson(nadi.httpUrl, operator) };
}

/** What `/metrics` says now; ingest tells it twice a second. */
async function readMetrics(httpUrl: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const blank = line.lastIndexOf(" ");
      return [line.slice(0, blank), Number(line.slice(blank + 1))];
    }),
  );
}

/** One figure of `/metrics`; throws when the service does not have it. */
export async function readMetric(httpUrl: string, name: string): Promise<number> {
  const value = (await readMetrics(httpUrl)).get(name);
  if (value === undefined) throw new Error(`/metrics of nadi has no ${name}`);
  return value;
}

interface Counted {
  buckets: readonly { count: number; flagged: number }[];
  isDegraded: boolean;
}

/** Around everything that the bench publishes or has published for it. */
const rangeMs = { before: 7 * 86_400_000, after: 5 * 60_000 };

function readCount({ api }: PathNadi, device: LoadDevice): Promise<Counted> {
  const ids = parsePrincipal(device.clientId);
  if (ids === null) throw new Error(`${device.clientId} is no device's login`);
  const nowMs = Date.now();
  const query = new URLSearchParams({
    device: ids.deviceId,
    reading: "temperature",
    points: "1",
    from: String(nowMs - rangeMs.before),
    to: String(nowMs + rangeMs.after),
  });
  return api.get<Counted>(`/api/kitchens/${ids.sppgId}/readings?${query.toString()}`);
}

/** Readings of each device that can be read over HTTP, flagged ones too, by client id. */
export async function countStored(
  nadi: PathNadi,
  devices: readonly LoadDevice[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const device of devices) {
    const { buckets } = await readCount(nadi, device);
    const count = buckets.reduce((sum, bucket) => sum + bucket.count + bucket.flagged, 0);
    counts.set(device.clientId, count);
  }
  return counts;
}

const pollMs = 50;

/**
 * Waits until everything that was acknowledged before the call can be read over HTTP; answers when
 * that was, as `performance.now()`. Rejects when the deadline is over.
 */
export async function untilStored(
  nadi: PathNadi,
  device: LoadDevice,
  deadlineMs = 120_000,
): Promise<number> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    // Not degraded: ingest has written all that was on disk when it was asked.
    const { isDegraded } = await readCount(nadi, device);
    const nowMs = performance.now();
    if (!isDegraded) return nowMs;
    if (nowMs > endMs) throw new Error(`acknowledged readings waited for ${deadlineMs} ms`);
    await delay(pollMs);
  }
}
