import { setTimeout as delay } from "node:timers/promises";
import type { LoadPace, LoadProcess, LoadStats } from "../../simulators/index.ts";

/** A pace that has begun anew is itself only after a moment. */
const onsetMs = 500;
const pollMs = 5;
const pauseMsMax = 60_000;

/** Sends nothing new, and waits for what is in flight. */
export async function pause(load: LoadProcess): Promise<LoadStats> {
  await load.pace({ kind: "idle" });
  const endMs = performance.now() + pauseMsMax;
  for (;;) {
    const stats = await load.stats();
    if (stats.inFlight === 0) return stats;
    if (performance.now() > endMs) throw new Error(`${stats.inFlight} readings got no PUBACK`);
    await delay(pollMs);
  }
}

/**
 * A server that has only just taken thousands of logins runs code that is not compiled yet, and
 * what piles up meanwhile would be what is measured: it is worked off, then the pace begins anew.
 */
export async function warmUp(
  load: LoadProcess,
  { pace, ms }: { pace: LoadPace; ms: number },
): Promise<void> {
  await load.pace(pace);
  await delay(ms);
  await pause(load);
  await load.pace(pace);
  await delay(onsetMs);
}
