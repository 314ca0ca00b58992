import { expect, test } from "vitest";
import { alertsSchema, kitchensSchema } from "../../../../dashboard/contract/index.ts";
import { alertEffect } from "../../../ingest/desk/factories.ts";
import { createKitchenApi, sppgId, startMs } from "../kitchen-api.ts";

const alerts = `/api/kitchens/${sppgId}/alerts`;

function several(count: number) {
  return Array.from({ length: count }, (_, at) =>
    alertEffect(
      {
        alertId: `a${at}`,
        severity: at % 2 === 0 ? "critical" : "warning",
        // Two at a time, so that a page may end between equals.
        openedAtMs: startMs + Math.floor(at / 2),
      },
      100 + at,
    ),
  );
}

test("alerts are paged newest first, each once, by a cursor", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  await made.ingest.applyEffects(several(7));
  const seen: string[] = [];
  let url: string | null = `${alerts}?limit=3&state=all`;
  let pages = 0;
  while (url !== null) {
    const answer = await cook.get(url);
    expect(alertsSchema.parse(answer.json())).toEqual(answer.json());
    const page = answer.json();
    seen.push(...page.alerts.map((alert: { alertId: string }) => alert.alertId));
    pages += 1;
    const link = answer.headers["link"];
    expect(link === undefined).toBe(page.nextCursor === null);
    url = typeof link === "string" ? (/^<(.*)>; rel="next"$/.exec(link)?.[1] ?? null) : null;
  }
  expect(pages).toBe(3);
  expect(seen).toEqual(["a6", "a5", "a4", "a3", "a2", "a1", "a0"]);
});

test("the list of kitchens says how many alerts are open in each", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  await made.ingest.applyEffects(several(5));
  const { kitchens } = (await cook.get("/api/kitchens")).json();
  expect(kitchensSchema.parse({ kitchens })).toEqual({ kitchens });
  const openAlerts = { open: 5, critical: 3, unacknowledged: 5 };
  expect(kitchens).toMatchObject([{ sppgId, openAlerts }]);
});

test("alerts are filtered by severity, state and time", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  await made.ingest.applyEffects(several(4));
  const ids = async (query: string): Promise<string[]> => {
    const answer = await cook.get(`${alerts}?${query}`);
    return answer.json().alerts.map((alert: { alertId: string }) => alert.alertId);
  };
  expect(await ids("severity=warning")).toEqual(["a3", "a1"]);
  expect(await ids("state=resolved")).toEqual([]);
  expect(await ids(`from=${startMs + 1}`)).toEqual(["a3", "a2"]);
  expect(await ids(`to=${startMs + 1}`)).toEqual(["a1", "a0"]);
  for (const bad of ["state=x", "severity=info", "limit=501", "cursor=x", "cursor=e30", "from=x"]) {
    expect([bad, (await cook.get(`${alerts}?${bad}`)).statusCode]).toEqual([bad, 400]);
  }
});

test("an alert is acknowledged and resolved by name, and its ETag moves", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  await made.ingest.applyEffects([alertEffect()]);
  const first = await head.get(`${alerts}/a1`);
  const tag = String(first.headers["etag"]);
  expect(tag).toBe(`"${first.json().changeCount}"`);
  const acknowledged = await head.send("POST", `${alerts}/a1/acknowledge`, {
    body: { note: "On my way" },
    headers: { "if-match": tag },
  });
  expect(acknowledged.json()).toMatchObject({
    response: "acknowledged",
    acknowledgedBy: head.email,
    note: "On my way",
    isResolved: false,
  });
  expect(acknowledged.headers["etag"]).not.toBe(tag);
  const late = await head.send("POST", `${alerts}/a1/resolve`, {
    body: { correctiveAction: "Discarded" },
    headers: { "if-match": tag },
  });
  expect(late.json()).toMatchObject({ status: 412, code: "DASHBOARD_VERSION_STALE" });
  const missing = await head.send("POST", `${alerts}/a1/resolve`, { body: { note: "done" } });
  expect(missing.json()).toMatchObject({
    status: 422,
    code: "INGEST_CORRECTIVE_ACTION_MISSING",
  });
  const resolved = await head.send("POST", `${alerts}/a1/resolve`, {
    body: { correctiveAction: "Discarded 12 kg" },
    headers: { "if-match": "*" },
  });
  expect(resolved.json()).toMatchObject({ correctiveAction: "Discarded 12 kg", isResolved: true });
});

test("an alert that is not there is the one 404, and a text too long is refused", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  await made.ingest.applyEffects([alertEffect()]);
  const act = (id: string, body: object) =>
    head.send("POST", `${alerts}/${id}/acknowledge`, { body });
  const resolve = { body: { correctiveAction: "Discarded" } };
  const missing = [
    await head.get(`${alerts}/nothing`),
    await act("nothing", {}),
    await head.send("POST", `${alerts}/nothing/resolve`, resolve),
  ];
  const nowhere = await head.get("/api/nowhere");
  for (const { statusCode, body } of missing) {
    expect([statusCode, body]).toEqual([404, nowhere.body]);
  }
  expect((await act("a1", { note: "x".repeat(2_001) })).statusCode).toBe(400);
  expect((await act("a1", { by: "somebody else" })).statusCode).toBe(400);
  const bodyless = await head.send("POST", `${alerts}/a1/acknowledge`);
  expect(bodyless.statusCode).toBe(415);
});
