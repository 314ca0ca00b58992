import { expect, test } from "vitest";
import { ingestChecks } from "../../ingest/readiness.ts";
import { startingStatus } from "../../ingest/worker/status.ts";

function channelsAway(awayMs: number) {
  const status = { ...startingStatus, channels: { ...startingStatus.channels, awayMs } };
  const check = ingestChecks({ status: () => status }).find(({ name }) => name === "channels");
  return check?.check();
}

test("lost channels are told of and stay ready: readings are stored and judged without them", () => {
  expect(channelsAway(0)).toEqual({ ok: true, detail: "live values and alerts go out" });
  expect(channelsAway(61_000)).toEqual({
    ok: true,
    detail: "degraded: away for 61 s, live values are dropped, alerts wait",
  });
});
