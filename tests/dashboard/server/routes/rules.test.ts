import { expect, test } from "vitest";
import { rulesSchema } from "../../../../dashboard/contract/index.ts";
import { coldRule } from "../../../ingest/desk/factories.ts";
import { createKitchenApi, sppgId } from "../kitchen-api.ts";

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
