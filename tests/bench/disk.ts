import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHistogram } from "../../simulators/index.ts";

export interface DiskFacts {
  fdatasyncP50Ms: number;
  fdatasyncP99Ms: number;
}

const probes = 200;
/** About what a group of readings at 10,000/s writes. */
const groupBytes = 4_096;

/**
 * How long the disk under the servers' data folders takes to sync an append. Nadi's PUBACK waits
 * for one; the others wait for none, so their numbers do not move with it.
 */
export function measureDisk(): DiskFacts {
  const folder = mkdtempSync(path.join(tmpdir(), "nadi-bench-"));
  const file = openSync(path.join(folder, "probe"), "a");
  const histogram = createHistogram();
  try {
    for (let probe = 0; probe < probes; probe += 1) {
      writeSync(file, Buffer.alloc(groupBytes));
      const startMs = performance.now();
      fdatasyncSync(file);
      histogram.record((performance.now() - startMs) * 1000);
    }
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
  const { p50Us, p99Us } = histogram.summary();
  return { fdatasyncP50Ms: p50Us / 1000, fdatasyncP99Ms: p99Us / 1000 };
}
