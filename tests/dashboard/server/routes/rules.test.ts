import { expect, test } from "vitest";
import {
  rulePreviewSchema,
  rulesSchema,
  ruleVersionsSchema,
} from "../../../../dashboard/contract/index.ts";
import { coldRule } from "../../../ingest/desk/factories.ts";
import { createKitchenApi, sppgId, startMs } from "../kitchen-api.ts";

const rules = `/api/kitchens/${sppgId}/rules`;
const url = `${rules}/${coldRule.key}`;
const stricter = { ...coldRule, limit: 4, clearLimit: 3.5 };

test("a head changes a rule, and it is listed as its newest version with its ETag", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const before = await head.get(rules);
  expect(rulesSchema.parse(before.json())).toEqual(before.json());
  expect(before.json().rules).toMatchObject([{ key: coldRule.key, version: 0 }]);
  const put = await head.send("PUT", url, { body: { rule: stricter, expectedVersion: 0 } });
  expect(put.statusCode).toBe(200);
  expect(put.headers["etag"]).toBe('"1"');
  expect(put.json()).toMatchObject({ version: 1, isEnabled: true, rule: { limit: 4 } });
  const after = await head.get(rules);
  expect(after.json().rules).toMatchObject([{ version: 1, rule: { limit: 4 } }]);
});

test("who has not seen the newest version changes nothing: 412 by If-Match, 409 by body", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const put = (body: object, headers: Record<string, string> = {}) =>
    head.send("PUT", url, { body: { rule: stricter, ...body }, headers });
  expect((await put({}, { "if-match": '"0"' })).statusCode).toBe(200);
  const byHeader = await put({}, { "if-match": '"0"' });
  expect(byHeader.json()).toMatchObject({ status: 412, code: "DASHBOARD_VERSION_STALE" });
  const byBody = await put({ expectedVersion: 0 });
  expect(byBody.json()).toMatchObject({ status: 409, code: "INGEST_RULE_CONFLICT" });
  for (const tag of ['W/"1"', "1", '"1", "2"', '"x"']) {
    expect([tag, (await put({}, { "if-match": tag })).statusCode]).toEqual([tag, 412]);
  }
  const both = await put({ expectedVersion: 1 }, { "if-match": '"0"' });
  expect(both.statusCode).toBe(412);
  const neither = await put({});
  expect(neither.json()).toMatchObject({ status: 428, code: "DASHBOARD_VERSION_MISSING" });
  expect((await put({}, { "if-match": "*" })).statusCode).toBe(428);
  expect((await put({}, { "if-match": '"1"' })).headers["etag"]).toBe('"2"');
});

test("a rule that is not as it must be is refused with where", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const put = (rule: object) => head.send("PUT", url, { body: { rule, expectedVersion: 0 } });
  const other = await put({ ...stricter, key: "another-rule" });
  expect(other.json()).toMatchObject({ status: 400, issues: [{ path: "body.rule.key" }] });
  const unlimited = await put({ ...stricter, limit: "5" });
  expect(unlimited.json()).toMatchObject({ status: 400, issues: [{ path: "body.rule.limit" }] });
  const extra = await put({ ...stricter, owner: "me" });
  expect(extra.json()).toMatchObject({ status: 400, issues: [{ path: "body.rule" }] });
  const senseless = await put({ ...stricter, clearLimit: 9 });
  expect(senseless.json()).toMatchObject({ status: 422, code: "INGEST_RULE_INVALID" });
  expect(senseless.json().detail).toContain("clearLimit");
});

test("the audit log has who changed the rule and from where", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  await head.send("PUT", url, { body: { rule: stricter, expectedVersion: 0 } });
  const rows = await made.records.db
    .withTables<{ audit_log: { action: string; actor: string; address: string } }>()
    .selectFrom("audit_log")
    .select(["actor", "address"])
    .where("action", "=", "rule.put")
    .execute();
  expect(rows).toEqual([{ actor: `user:${head.email}`, address: "127.0.0.1" }]);
});

test("a preview says how often a draft would have fired, and changes no rule and no alert", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const minute = 60_000;
  const warm = Array.from({ length: 60 }, (_none, index) => ({
    t: startMs - (60 - index) * minute,
    seq: 0,
    index: 0,
    value: index < 20 || index > 50 ? 3 : 7,
    flags: 0,
    originalTimeMs: null,
  }));
  made.store.rows = warm;
  const preview = (rule: object) => head.send("POST", `${rules}/preview`, { body: { rule } });
  const answer = await preview(coldRule);
  expect(answer.statusCode).toBe(200);
  expect(rulePreviewSchema.parse(answer.json())).toEqual(answer.json());
  expect(answer.json()).toMatchObject({
    fromMs: startMs - 86_400_000,
    toMs: startMs,
    isPartial: false,
    isDegraded: false,
    firings: [{ deviceId: "probe-1", worstValue: 7, isFromBefore: false }],
    devices: [{ deviceId: "probe-1", count: 1 }],
  });
  const [firing] = answer.json().firings;
  expect(firing.openedAtMs - (startMs - 40 * minute)).toBe(coldRule.minDurationSeconds * 1_000);
  expect((await preview({ ...coldRule, limit: 8 })).json().firings).toEqual([]);
  expect((await head.get(rules)).json().rules).toMatchObject([{ version: 0 }]);
  expect(await made.desk.listAlerts({ sppgId, state: "all", limit: 10 })).toEqual([]);
});

test("a draft without sense is refused with where, and too many previews at once wait", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const preview = (rule: object) => head.send("POST", `${rules}/preview`, { body: { rule } });
  const senseless = await preview({ ...coldRule, clearLimit: 9 });
  expect(senseless.json()).toMatchObject({
    status: 400,
    issues: [{ path: "body.rule.clearLimit" }],
  });
  const gate = Promise.withResolvers<void>();
  made.store.onQuery = () => gate.promise;
  const running = [preview(coldRule), preview(coldRule), preview(coldRule)];
  const first = await Promise.race(running);
  expect(first.json()).toMatchObject({ status: 429, code: "DASHBOARD_READS_LIMITED" });
  gate.resolve();
  const codes = (await Promise.all(running)).map(({ statusCode }) => statusCode);
  expect(codes.toSorted((a, b) => a - b)).toEqual([200, 200, 429]);
});

test("the versions of a rule say who changed it", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  await head.send("PUT", url, { body: { rule: stricter, expectedVersion: 0 } });
  const answer = await head.get(`${url}/versions`);
  expect(ruleVersionsSchema.parse(answer.json())).toEqual(answer.json());
  expect(answer.json().versions).toMatchObject([
    { version: 1, rule: { limit: 4 }, changedBy: head.email, changedAtMs: startMs },
    { version: 0, rule: { limit: 5 }, changedBy: null, changedAtMs: null },
  ]);
});
