import { expect, test } from "vitest";
import { kitchenRulesMax } from "../../../ingest/desk/rule-book.ts";
import type { Rule } from "../../../ingest/rules/rule.ts";
import { coldRule, openDesk, otherSppgId, readLogs, sppgId } from "./factories.ts";

const actor = "user:head@example.org";
const quietRule: Rule = {
  kind: "noData",
  key: "own-silence",
  severity: "warning",
  scope: { deviceId: "probe-1" },
  quietSeconds: 60,
  intervalsMissed: 3,
  graceSeconds: 60,
};
const warmer = { ...coldRule, limit: 6 };

function change(rule: Rule, expectedVersion: number, changes: { isEnabled?: boolean } = {}) {
  return { sppgId, rule, isEnabled: true, expectedVersion, ...changes };
}

test("a kitchen starts with the defaults, each as version 0", async (t) => {
  const { desk } = await openDesk(t);
  expect(await desk.listRules(sppgId)).toEqual([
    { sppgId, key: coldRule.key, version: 0, changeSeq: 0, isEnabled: true, rule: coldRule },
  ]);
});

test("a kitchen changes a default, switches it off and adds a rule; no other one sees it", async (t) => {
  const { desk } = await openDesk(t);
  const first = await desk.putRule(change(warmer, 0), actor);
  expect(first).toMatchObject({ version: 1, isEnabled: true, rule: { limit: 6 } });
  const second = await desk.putRule(change(warmer, 1, { isEnabled: false }), actor);
  expect(second).toMatchObject({ version: 2, isEnabled: false });
  expect(second.changeSeq).toBe(first.changeSeq + 1);
  const own = await desk.putRule(change(quietRule, 0), actor);
  expect(await desk.listRules(sppgId)).toEqual([second, own]);
  expect(await desk.listRules(otherSppgId)).toMatchObject([{ version: 0, rule: { limit: 5 } }]);
});

test("a change of a version that is not the newest one is refused, and changes nothing", async (t) => {
  const { records, desk } = await openDesk(t);
  await desk.putRule(change(warmer, 0), actor);
  const before = [await desk.listRules(sppgId), await readLogs(records)];
  for (const expectedVersion of [0, 2, -1]) {
    await expect(desk.putRule(change(coldRule, expectedVersion), actor)).rejects.toMatchObject({
      code: "INGEST_RULE_CONFLICT",
      status: 409,
      facts: { version: 1, expectedVersion },
    });
  }
  await expect(desk.putRule(change(quietRule, 1), actor)).rejects.toMatchObject({
    code: "INGEST_RULE_CONFLICT",
    facts: { version: 0 },
  });
  expect([await desk.listRules(sppgId), await readLogs(records)]).toEqual(before);
});

test("every version is kept with who made it and when, the default as the oldest", async (t) => {
  const { desk, clock } = await openDesk(t);
  const atMs = clock.ms;
  await desk.putRule(change(warmer, 0), actor);
  // In the same ms: another rule's row of the audit log is not taken for this one's.
  await desk.putRule(change(quietRule, 0), "cli");
  clock.ms += 60_000;
  await desk.putRule(change(coldRule, 1, { isEnabled: false }), "user:budi@example.org");
  const asked = { sppgId, key: coldRule.key, limit: 10 };
  expect(await desk.listRuleVersions(asked)).toMatchObject([
    {
      version: 2,
      isEnabled: false,
      changedAtMs: atMs + 60_000,
      changedBy: "user:budi@example.org",
    },
    { version: 1, rule: { limit: 6 }, changedAtMs: atMs, changedBy: actor },
    { version: 0, rule: { limit: 5 }, changedAtMs: null, changedBy: null },
  ]);
  expect(await desk.listRuleVersions({ ...asked, limit: 1 })).toMatchObject([{ version: 2 }]);
  expect(await desk.listRuleVersions({ ...asked, sppgId: otherSppgId })).toMatchObject([
    { version: 0 },
  ]);
});

test("of two people who change the same version at once, one is refused", async (t) => {
  const { desk } = await openDesk(t);
  const outcomes = await Promise.allSettled([
    desk.putRule(change({ ...coldRule, limit: 6 }, 0), "user:a@example.org"),
    desk.putRule(change({ ...coldRule, limit: 7 }, 0), "user:b@example.org"),
  ]);
  // Which of them is the first is the database's to say.
  const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
  expect(outcomes[1 - winner]).toMatchObject({
    status: "rejected",
    reason: { code: "INGEST_RULE_CONFLICT" },
  });
  expect(await desk.listRules(sppgId)).toMatchObject([
    { version: 1, rule: { limit: [6, 7][winner] } },
  ]);
});

test("a rule that is malformed or makes no sense is refused with what is wrong", async (t) => {
  const { desk } = await openDesk(t);
  const refused = async (rule: object): Promise<unknown> => {
    const input = change(rule as Rule, 0);
    return desk.putRule(input, actor).catch((error: unknown) => error);
  };
  expect(await refused({ ...coldRule, limit: "5" })).toMatchObject({
    code: "INGEST_RULE_INVALID",
    status: 422,
    facts: { issues: expect.stringContaining("limit: ") },
  });
  expect(await refused({ ...coldRule, key: "'; drop table rule_version; --" })).toMatchObject({
    facts: { issues: expect.stringContaining("key: ") },
  });
  expect(await refused({ ...coldRule, clearLimit: 6 })).toMatchObject({
    code: "INGEST_RULE_INVALID",
    facts: { issues: expect.stringContaining("clearLimit: ") },
  });
  expect(await refused({})).toMatchObject({ code: "INGEST_RULE_INVALID" });
  expect(await desk.listRules(sppgId)).toMatchObject([{ version: 0 }]);
});

test("a kitchen that is not there gets no rule", async (t) => {
  const { desk } = await openDesk(t);
  const input = { ...change(warmer, 0), sppgId: "sppg-nowhere" };
  await expect(desk.putRule(input, actor)).rejects.toMatchObject({
    code: "REGISTRY_KITCHEN_UNKNOWN",
    status: 404,
  });
});

test("a change of a rule is told by both logs, with what was and what is", async (t) => {
  const { records, desk, ingest } = await openDesk(t);
  const { changeSeq } = await desk.putRule(change(warmer, 0), actor, "192.0.2.7");
  const { changes, audit } = await readLogs(records);
  expect(changes.at(-1)).toMatchObject({
    seq: changeSeq,
    kind: "rule",
    sppg_id: sppgId,
    subject: coldRule.key,
  });
  expect(audit.at(-1)).toMatchObject({ actor, action: "rule.put", address: "192.0.2.7" });
  expect(JSON.parse(audit.at(-1)?.detail_json ?? "")).toEqual({
    version: 1,
    isEnabled: true,
    wasEnabled: true,
    old: '{"limit":5}',
    new: '{"limit":6}',
  });
  await desk.putRule(change(quietRule, 0), actor);
  const added = (await readLogs(records)).audit.at(-1);
  expect(JSON.parse(added?.detail_json ?? "")).toMatchObject({ old: null, wasEnabled: null });
  expect((await ingest.rulesAsOf(100)).map(({ key }) => key)).toEqual([
    "cold-store-limit",
    "own-silence",
  ]);
});

test("a kitchen has a bounded number of rules, and may still change the ones it has", async (t) => {
  const { desk } = await openDesk(t);
  for (let number = 1; number <= kitchenRulesMax; number += 1) {
    await desk.putRule(change({ ...quietRule, key: `own-${number}` }, 0), actor);
  }
  await expect(desk.putRule(change(quietRule, 0), actor)).rejects.toMatchObject({
    code: "INGEST_RULE_INVALID",
  });
  await desk.putRule(change({ ...quietRule, key: "own-1" }, 1), actor);
  await desk.putRule(change(warmer, 0), actor);
});
