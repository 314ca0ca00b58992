import { expect, test } from "vitest";
import { whyNoSplitNetwork } from "../support/split-network.ts";
import { partitionServers } from "./partition.ts";

test("what Redis, InfluxDB and PostgreSQL answer is lost for a while: nothing else is", async (t) => {
  const obstacle = whyNoSplitNetwork();
  // Never counts as passed where it can't run.
  if (obstacle !== null) t.skip(`partition: ${obstacle}`);
  const [report] = await partitionServers({
    lastsMs: 3_000,
    perSecond: 300,
    names: ["what the servers answer is lost"],
    // Five times what R17 allows: a test machine may be busy.
    convergedMsMax: 50_000,
  });
  expect(report).toMatchObject({ faults: [] });
  expect(report?.rows).toBeGreaterThan(1_000);
}, 180_000);
