import type { Ingest } from "./ingest.ts";
import { stalledAfterMs } from "./worker/status.ts";

const stalledSeconds = stalledAfterMs / 1000;

/** What ingest must do before work may be sent here; `/readyz` asks it. */
export function ingestChecks(ingest: Pick<Ingest, "status">) {
  return (["monitor", "recorder"] as const).map((name) => ({
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
}
