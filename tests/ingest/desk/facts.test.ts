import { expect, test } from "vitest";
import { alertEffect, coldRule, head, openDesk, otherSppgId, sppgId } from "./factories.ts";

const actor = "user:head@example.org";
const a1 = { sppgId, alertId: "a1" };
const none = { rules: [], commands: [], sppgIds: [], hasRegistryChange: false };

test("rules as of a change are the newest versions up to it, without the defaults", async (t) => {
  const { desk, ingest } = await openDesk(t);
  const put = (id: string, limit: number, expectedVersion: number) => {
    const rule = { ...coldRule, limit };
    return desk.putRule({ sppgId: id, rule, isEnabled: true, expectedVersion }, actor);
  };
  const first = await put(sppgId, 6, 0);
  const other = await put(otherSppgId, 9, 0);
  const second = await put(sppgId, 7, 1);
  expect(await ingest.rulesAsOf(0)).toEqual([]);
  expect(await ingest.rulesAsOf(first.changeSeq)).toEqual([first]);
  expect(await ingest.rulesAsOf(other.changeSeq)).toEqual([first, other]);
  expect(await ingest.rulesAsOf(second.changeSeq)).toEqual([second, other]);
});

test("facts hold each changed rule once in its newest version, and commands in order", async (t) => {
  const { desk, ingest, registry } = await openDesk(t);
  const start = await registry.lastChangeSeq();
  await ingest.applyEffects([alertEffect()]);
  const put = (limit: number, expectedVersion: number) => {
    const rule = { ...coldRule, limit };
    return desk.putRule({ sppgId, rule, isEnabled: true, expectedVersion }, actor);
  };
  await put(6, 0);
  await desk.acknowledgeAlert({ ...a1, note: null }, head);
  const newest = await put(7, 1);
  await desk.resolveAlert({ ...a1, note: null, correctiveAction: "Thrown away" }, head);
  const end = await registry.lastChangeSeq();
  const facts = await ingest.factsBetween(start, end);
  expect(facts.rules).toEqual([newest]);
  expect(facts.commands.map(({ changeSeq, action }) => [changeSeq, action])).toEqual([
    [start + 2, "acknowledge"],
    [start + 4, "resolve"],
  ]);
  expect(facts).toMatchObject({ sppgIds: [], hasRegistryChange: false });
  // From and to: the one is known already, the other is asked for.
  expect((await ingest.factsBetween(start + 2, end)).commands).toHaveLength(1);
  expect((await ingest.factsBetween(start, start + 1)).rules).toMatchObject([{ version: 1 }]);
  expect(await ingest.factsBetween(end, end + 10)).toEqual(none);
});

test("facts name the kitchens whose rows of the registry have changed", async (t) => {
  const { ingest, registry } = await openDesk(t);
  const start = await registry.lastChangeSeq();
  const device = { deviceId: "probe-1", kind: "temperature-probe" } as const;
  await registry.addDevice({ ...device, sppgId: otherSppgId }, "cli");
  await registry.addDevice({ ...device, sppgId }, "cli");
  await registry.revokeDevice({ sppgId, deviceId: "probe-1" }, "cli");
  await registry.addUser({ email: "a@example.org", role: "operator" }, "cli");
  const end = await registry.lastChangeSeq();
  expect(await ingest.factsBetween(start, end)).toEqual({
    ...none,
    sppgIds: [sppgId, otherSppgId],
    hasRegistryChange: true,
  });
  // A login is nothing that decoding looks at.
  expect(await ingest.factsBetween(end - 1, end)).toEqual(none);
});
