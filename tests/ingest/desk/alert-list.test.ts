import { expect, test } from "vitest";
import { type AlertRow } from "../../../ingest/desk/desk.ts";
import { alertEffect, head, openDesk, otherSppgId, sppgId } from "./factories.ts";

const ids = (rows: readonly AlertRow[]): string[] => rows.map(({ alertId }) => alertId);

/** a0 … a9; two and two opened at the same time; the even ones critical, a0 to a3 resolved. */
async function openList(t: Parameters<typeof openDesk>[0]) {
  const parts = await openDesk(t);
  const effects = Array.from({ length: 10 }, (_, index) =>
    alertEffect({
      alertId: `a${index}`,
      openedAtMs: 1_000 + Math.floor(index / 2),
      severity: index % 2 === 0 ? "critical" : "warning",
    }),
  );
  const foreign = alertEffect({ alertId: "b", sppgId: otherSppgId, openedAtMs: 1_002 });
  await parts.ingest.applyEffects([...effects, foreign]);
  for (const alertId of ["a0", "a1", "a2", "a3"]) {
    await parts.desk.resolveAlert({ sppgId, alertId, note: null, correctiveAction: "Eaten" }, head);
  }
  return parts;
}

test("pages follow each other newest first, without a gap or a repeat among equal times", async (t) => {
  const { desk } = await openList(t);
  const seen: AlertRow[] = [];
  for (;;) {
    const page = await desk.listAlerts({ sppgId, state: "all", before: seen.at(-1), limit: 3 });
    if (page.length === 0) break;
    seen.push(...page);
  }
  expect(ids(seen)).toEqual(["a9", "a8", "a7", "a6", "a5", "a4", "a3", "a2", "a1", "a0"]);
});

test("open alerts are counted by kitchen, and of no other", async (t) => {
  const { desk } = await openList(t);
  await desk.acknowledgeAlert({ sppgId, alertId: "a4", note: null }, head);
  const counts = await desk.countOpenAlerts([sppgId, otherSppgId, "sppg-empty-003"]);
  const own = { sppgId, open: 6, critical: 3, unacknowledged: 5 };
  expect(counts).toHaveLength(2);
  expect(counts).toContainEqual(own);
  expect(await desk.countOpenAlerts([sppgId])).toEqual([own]);
  expect(await desk.countOpenAlerts([])).toEqual([]);
});

test("the list is narrowed by state, severity and the time of opening", async (t) => {
  const { desk } = await openList(t);
  const list = async (query: Partial<Parameters<typeof desk.listAlerts>[0]>) =>
    ids(await desk.listAlerts({ sppgId, state: "all", limit: 20, ...query }));
  expect(await list({ state: "open" })).toEqual(["a9", "a8", "a7", "a6", "a5", "a4"]);
  expect(await list({ state: "resolved" })).toEqual(["a3", "a2", "a1", "a0"]);
  expect(await list({ severity: "critical" })).toEqual(["a8", "a6", "a4", "a2", "a0"]);
  expect(await list({ fromMs: 1_001, toMs: 1_003 })).toEqual(["a5", "a4", "a3", "a2"]);
  expect(await list({ sppgId: otherSppgId })).toEqual(["b"]);
  const narrow = { state: "open", severity: "warning", fromMs: 1_003, toMs: undefined } as const;
  expect(await list(narrow)).toEqual(["a9", "a7"]);
});
