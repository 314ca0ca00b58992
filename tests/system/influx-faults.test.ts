import { expect, test } from "vitest";
import { runInfluxFaults } from "./influx-faults.ts";

test("an InfluxDB that applies twice or refuses for a while loses nothing and repeats nothing", async (t) => {
  const reports = await runInfluxFaults({
    scope: t,
    faultMs: 1_500,
    warmUpMs: 2_000,
    perSecond: 300,
    // The others need longer than a request has; a fresh process grows, whatever InfluxDB does.
    names: ["applied, and a 500 for an answer", "503 with Retry-After"],
    grownMbMax: 200,
  });
  expect(reports.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`))).toEqual(
    [],
  );
  expect(reports.at(-1)?.rows).toBeGreaterThan(1_000);
}, 240_000);
