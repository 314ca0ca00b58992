import { expect, test } from "vitest";
import type { AlertState, Effect } from "../../../ingest/monitor/monitor.ts";
import { Settlement } from "../../../ingest/worker/settlement.ts";
import { alertEffect, openDesk } from "../desk/factories.ts";

test("the monitor is told of the alerts of the replayed entries, once, when rows are current", async (t) => {
  const { ingest } = await openDesk(t);
  const alerts = Array.from({ length: 1_203 }, (_, at) =>
    alertEffect({ alertId: `a${String(at).padStart(4, "0")}` }, at + 1),
  );
  await ingest.applyEffects(alerts);
  let unsettled: { afterOffset: number; uptoOffset: number } | null = null;
  const known: AlertState[] = [];
  const ended = alertEffect({ alertId: "a0001", revision: 2, condition: "cleared" }, 1_300);
  const monitor = {
    get unsettled() {
      return unsettled;
    },
    settle(rows: readonly AlertState[]) {
      known.push(...rows);
      unsettled = null;
    },
    takeEffects: () => [ended],
  };
  const added: Effect[] = [];
  const effects = { added: 5, applied: 4, add: (more: readonly Effect[]) => added.push(...more) };
  const settlement = new Settlement({ monitor, effects, ports: { records: ingest } });
  await settlement.step();
  unsettled = { afterOffset: 1, uptoOffset: 1_202 };
  await settlement.step();
  expect(known).toEqual([]);
  effects.added = 9;
  effects.applied = 5;
  await settlement.step();
  expect(known).toEqual(alerts.slice(1, 1_202).map(({ alert }) => alert));
  expect(added).toEqual([ended]);
  await settlement.step();
  expect(added).toHaveLength(1);
});
