import { expect, test } from "vitest";
import { eventually } from "../support/kitchen.ts";
import { allAlerts, openLivePage } from "../support/live-page.ts";
import { faultsOfForetold, foretellAlerts } from "./roles-alerts.ts";
import { signInAt } from "./roles-people.ts";
import { coldStoreIn, createRolesSite, kitchenIds } from "./roles-site.ts";
import { slowly } from "./site.ts";

/** The live view is back so soon after Redis is. */
const backBudgetMs = 5_000;
const deadlineMs = 5 * backBudgetMs;
/** Redis opens to the others when the observer listens: it hears all that is sent from there. */
const gate = "until-the-observer-listens";

test("the channels' Redis killed under broker, ingest and dashboard: the live view comes back, no alert is lost", {
  timeout: 180_000,
}, async (t) => {
  const site = await createRolesSite(t);
  await site.startAll(1);
  const { redis } = site.servers;
  const foretold = await foretellAlerts(t, site, 60_000);
  const [dashboard] = site.running("dashboard");
  const [sppgId = ""] = kitchenIds;
  if (dashboard === undefined) throw new Error("no dashboard runs");
  const api = await signInAt(dashboard, site);
  const page = await openLivePage(t, { httpUrl: dashboard.httpUrl, api }, sppgId);
  const until = (holds: () => Promise<boolean>) => eventually(slowly(holds), Boolean, deadlineMs);
  await until(async () => page.liveCount > 0 && (await foretold.countRows()) >= 2);

  await redis.kill();
  const before = { acked: foretold.acked, rows: await foretold.countRows() };
  await until(async () => foretold.acked >= before.acked + 1_000);
  await until(async () => (await foretold.countRows()) >= before.rows + 2);

  await redis.start(["--requirepass", gate]);
  await foretold.listen(gate);
  await redis.cli("-a", gate, "config", "set", "requirepass", "");
  const startMs = performance.now();
  const shown = page.liveCount;
  await until(async () => page.liveCount > shown);
  const liveMs = performance.now() - startMs;
  // Who shows the kitchen reads it anew, of the ingest that has it: over Redis, too.
  await until(async () => (await api.request(`/api/kitchens/${sppgId}/snapshot`)).ok);
  const readMs = performance.now() - startMs;
  process.stdout.write(
    `live view back after ${Math.round(liveMs)} ms, snapshots after ${Math.round(readMs)} ms ` +
      `(budget ${backBudgetMs})\n`,
  );
  expect(Math.max(liveMs, readMs)).toBeLessThan(backBudgetMs);

  const found = await foretold.compare();
  process.stdout.write(
    `${found.acked} acknowledged, ${found.alerts.rows} alerts, ${found.messages.ids} messages\n`,
  );
  expect(faultsOfForetold(found)).toEqual([]);
  const its = (await allAlerts(api, sppgId)).filter(
    ({ deviceId }) => deviceId === coldStoreIn(sppgId),
  );
  expect(its.length).toBeGreaterThan(0);
  await until(async () => its.every(({ alertId }) => page.known.has(alertId)));
  expect(page.failures).toEqual([]);
});
