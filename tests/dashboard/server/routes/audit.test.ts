import { expect, test } from "vitest";
import type { AuditEvent } from "../../../../devices/index.ts";
import { auditScanMax } from "../../../../devices/registry/audit.ts";
import {
  type Client,
  createKitchenApi,
  type KitchenApi,
  otherSppgId,
  sppgId,
  startMs,
} from "../kitchen-api.ts";

interface Page {
  events: (AuditEvent & { id: number })[];
  nextCursor: string | null;
}

async function read(client: Client, url: string): Promise<Page> {
  const answer = await client.get(url);
  expect([url, answer.statusCode]).toEqual([url, 200]);
  return answer.json();
}

function lineAt(atMs: number, change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    atMs,
    actor: "cli",
    action: "device.add",
    sppgId,
    subject: null,
    address: null,
    outcome: "done",
    detail: {},
    ...change,
  };
}

/** Far behind what the registry itself has written. */
const fromMs = startMs + 86_400_000;

async function readAll(client: Client, url: string): Promise<Page["events"]> {
  const all: Page["events"] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Page = await read(client, `${url}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    all.push(...page.events);
    cursor = page.nextCursor;
  }
  return all;
}

test("an operator reads all lines once, newest first, also of one and the same time", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  const lines = Array.from({ length: 7 }, (_, at) =>
    lineAt(fromMs + Math.floor(at / 3), { subject: `d${at}` }),
  );
  await made.registry.appendAudit(lines);
  const events = await readAll(operator, `/api/audit?limit=2&from=${fromMs}`);
  expect(events.map(({ subject }) => subject)).toEqual(
    lines.map(({ subject }) => subject).toReversed(),
  );
});

test("lines are filtered by kind, outcome and time, and the contract bounds what is asked", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  await made.registry.appendAudit([
    lineAt(fromMs, { action: "user.add" }),
    lineAt(fromMs + 1, { action: "user.add", outcome: "refused" }),
    lineAt(fromMs + 2, { action: "userish.add" }),
    lineAt(fromMs + 3, { action: "mqtt.upgrade" }),
  ]);
  const times = async (query: string) =>
    (await readAll(operator, `/api/audit?from=${fromMs}&${query}`)).map(
      ({ atMs }) => atMs - fromMs,
    );
  expect(await times("kind=user")).toEqual([1, 0]);
  expect(await times("kind=user&outcome=refused")).toEqual([1]);
  expect(await times(`to=${fromMs + 2}`)).toEqual([1, 0]);
  for (const query of ["kind=x", "limit=501", "limit=0", "cursor=x", "from=now", "actor=x"]) {
    expect((await operator.get(`/api/audit?${query}`)).statusCode).toBe(400);
  }
});

test("a head reads what is about their own kitchens, of several merged by time", async (t) => {
  const made = await createKitchenApi(t);
  const one = await made.signIn("head", [sppgId]);
  const two = await made.signIn("head", [sppgId, otherSppgId]);
  const cook = await made.signIn("cook");
  await made.registry.appendAudit([
    lineAt(fromMs, { subject: "a" }),
    lineAt(fromMs + 1, { subject: "b", sppgId: otherSppgId }),
    lineAt(fromMs + 2, { subject: "c", sppgId: null }),
    lineAt(fromMs + 3, { subject: "d" }),
  ]);
  const subjects = async (client: Client, url: string) =>
    (await readAll(client, `${url}?limit=1&from=${fromMs}`)).map(({ subject }) => subject);
  expect(await subjects(one, "/api/audit")).toEqual(["d", "a"]);
  expect(await subjects(two, "/api/audit")).toEqual(["d", "b", "a"]);
  expect(await subjects(two, `/api/kitchens/${otherSppgId}/audit`)).toEqual(["b"]);
  expect((await one.get(`/api/kitchens/${otherSppgId}/audit`)).statusCode).toBe(404);
  expect((await cook.get("/api/audit")).statusCode).toBe(403);
});

test("what administration does stands in the log under its kitchen, with who and from where", async (t) => {
  const made: KitchenApi = await createKitchenApi(t);
  const head = await made.signIn("head");
  const body = { email: "cook@example.org", role: "cook", kitchens: [sppgId] };
  await head.send("POST", "/api/people", { body });
  const url = `/api/people/${encodeURIComponent(body.email)}`;
  const change = { role: "driver", kitchens: [sppgId], isEnabled: false, expectedVersion: 1 };
  await head.send("PUT", url, { body: { ...change, isEnabled: true } });
  await head.send("PUT", url, { body: { ...change, expectedVersion: 2 } });
  await head.send("POST", `${url}/password`, { body: {} });
  const { events } = await read(head, "/api/audit?kind=user&limit=4");
  expect(events.map(({ action }) => action)).toEqual([
    "user.reset",
    "user.disable",
    "user.update",
    "user.add",
  ]);
  for (const event of events) {
    expect(event).toMatchObject({
      actor: `user:${head.email}`,
      address: "127.0.0.1",
      sppgId,
      subject: body.email,
      outcome: "done",
    });
  }
  expect(events[2]?.detail).toMatchObject({ role: "driver", roleBefore: "cook" });
});

test("a rare kind in a long log costs a bounded look, and is still found page by page", async (t) => {
  const made = await createKitchenApi(t);
  const operator = await made.signIn("operator");
  const many = Array.from({ length: auditScanMax + 10 }, (_, at) => lineAt(fromMs + 1 + at));
  await made.registry.appendAudit([lineAt(fromMs, { action: "rule.put" }), ...many]);
  const query = `/api/audit?kind=rule&from=${fromMs}`;
  const first = await read(operator, query);
  expect(first.events).toEqual([]);
  const second = await read(operator, `${query}&cursor=${first.nextCursor}`);
  expect(second.events.map(({ action }) => action)).toEqual(["rule.put"]);
  expect(second.nextCursor).toBeNull();
});
