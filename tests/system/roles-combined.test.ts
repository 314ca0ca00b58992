import { expect, test, vi } from "vitest";
import { roles } from "../../devices/index.ts";
import { fileScope } from "../support/file-scope.ts";
import { packets } from "../support/mqtt-wire.ts";
import type { Scope } from "../support/nadi-process.ts";
import { followReading, signInAt, signInDevice } from "./roles-people.ts";
import { createRolesSite, kitchenIds, type RolesSite } from "./roles-site.ts";

vi.setConfig({ testTimeout: 120_000 });

const scope = fileScope();
/** The servers, for all tests of this file; each starts its own processes and stops them. */
const shared: Promise<RolesSite> = createRolesSite(scope);
const [sppgId = "", otherId = ""] = kitchenIds;

/** A command finds the device's session, wherever it is. */
async function commandIsHanded(scope: Scope, site: RolesSite): Promise<void> {
  const [broker] = site.running("broker");
  const [dashboard] = site.running("dashboard");
  if (broker === undefined || dashboard === undefined) throw new Error("nobody runs");
  const device = await signInDevice(scope, site, { broker, sppgId, deviceId: "load-0" });
  const topicFilter = `sppg/${sppgId}/command/load-0/#`;
  device.send(packets.subscribe({ filters: [{ topicFilter, qos: 1 }] }));
  await device.next("suback");
  const api = await signInAt(dashboard, site);
  const path = `/api/kitchens/${sppgId}/devices/load-0/commands`;
  const sent = await api.post(path, { name: "blink", expiresInSeconds: 30 });
  expect(sent).toMatchObject({ delivery: "handed" });
  expect(await device.next("publish")).toMatchObject({
    topicName: expect.stringMatching(/blink$/),
  });
  await device.end();
}

/** Exit codes. */
async function stopAll(site: RolesSite): Promise<(number | null)[]> {
  const exits = await Promise.all(site.running().map((one) => one.stop()));
  return exits.map(({ code }) => code);
}

test("broker and ingest in one process, dashboard in another: a reading is shown live and stored", async (t) => {
  const site = await shared;
  await Promise.all([site.start(["broker", "ingest"]), site.start("dashboard")]);
  await site.untilOwned();
  await followReading(t, site, { sppgId, celsius: 3.25 });
  await commandIsHanded(t, site);
  expect(await stopAll(site)).toEqual([0, 0]);
});

test("a broker beside ingest and dashboard in one process: the same", async (t) => {
  const site = await shared;
  await Promise.all([site.start("broker"), site.start(["ingest", "dashboard"])]);
  await site.untilOwned();
  await followReading(t, site, { sppgId, celsius: 3.5 });
  await commandIsHanded(t, site);
  expect(await stopAll(site)).toEqual([0, 0]);
});

test("all roles in each of two processes: both show what either takes, and one goes on alone", async (t) => {
  const site = await shared;
  const [first] = await Promise.all([site.start(roles), site.start(roles)]);
  await site.untilOwned();
  for (const id of kitchenIds) await followReading(t, site, { sppgId: id, celsius: 3.75 });
  await commandIsHanded(t, site);
  await first.kill();
  await site.untilOwned();
  for (const id of [sppgId, otherId]) await followReading(t, site, { sppgId: id, celsius: 4.25 });
  expect(await stopAll(site)).toEqual([0]);
});
