import type { Ingest } from "./ingest.ts";
import { leaseLimits } from "./partitions/lease-keeper.ts";
import { stalledAfterMs } from "./worker/status.ts";

const stalledSeconds = stalledAfterMs / 1000;

interface IngestCheck {
  name: string;
  check(): { ok: boolean; detail: string };
}

/** What ingest must do before work may be sent here; `/readyz` asks it. */
export function ingestChecks(ingest: Pick<Ingest, "status">): IngestCheck[] {
  const channels: IngestCheck = {
    name: "channels",
    // Never red: readings are taken, stored and judged meanwhile, and sending work elsewhere would
    // not bring the channels back.
    check() {
      const { awayMs } = ingest.status().channels;
      if (awayMs === 0) return { ok: true, detail: "live values and alerts go out" };
      const seconds = Math.round(awayMs / 1000);
      const what = "live values are dropped, alerts wait";
      return { ok: true, detail: `degraded: away for ${seconds} s, ${what}` };
    },
  };
  const consumers = (["monitor", "recorder"] as const).map((name) => ({
    name,
    check: (): { ok: boolean; detail: string } => {
      const status = ingest.status();
      const { lag, isStalled } = status[name];
      if (status.state === "stopped") return { ok: false, detail: "the ingest worker has ended" };
      if (isStalled) {
        return { ok: false, detail: `stands still for ${stalledSeconds} s, ${lag} entries wait` };
      }
      // Catching up is work, not a failure: readings are taken and nothing is lost meanwhile.
      return { ok: true, detail: lag === 0 ? "up to date" : `${lag} entries wait` };
    },
  }));
  return [...consumers, channels, partitionsCheck(ingest)];
}

/**
 * Red while the records do not keep the leases: then nothing of this process's partitions is stored
 * or judged, and others take them over. Waiting for partitions is no failure.
 */
function partitionsCheck(ingest: Pick<Ingest, "status">): IngestCheck {
  return {
    name: "partitions",
    check() {
      const { partitions } = ingest.status();
      if (partitions === null) return { ok: true, detail: "the journal is this process's alone" };
      const { owned, count, leaseAgeMs, liveProcesses, isJournalAvailable } = partitions;
      if (!isJournalAvailable) return { ok: false, detail: "the journal's Redis is away" };
      if (leaseAgeMs >= leaseLimits.ttlMs) {
        const seconds = Math.round(leaseAgeMs / 1000);
        return { ok: false, detail: `the records have not kept the leases for ${seconds} s` };
      }
      const others = liveProcesses === 1 ? "alone" : `one of ${liveProcesses} processes`;
      return { ok: true, detail: `has ${owned.length} of ${count}, ${others}` };
    },
  };
}
