import { expect, test } from "vitest";
import {
  mayCall,
  type PersonRole,
  personRoles,
  type RouteFacts,
  type RouteName,
  routeNames,
  routes,
} from "../../../dashboard/contract/index.ts";
import { userRoles } from "../../../devices/index.ts";
import { alertEffect } from "../../ingest/desk/factories.ts";
import {
  type Client,
  createClient,
  createKitchenApi,
  type KitchenApi,
  otherSppgId,
  sppgId,
} from "./kitchen-api.ts";
import { pairScreen } from "./screens.ts";

const silentProbe = {
  kind: "noData",
  key: "silent-probe",
  severity: "warning",
  scope: {},
  quietSeconds: 600,
  intervalsMissed: 3,
  graceSeconds: 60,
};

/** What makes a request of the route right, so that only rights decide. */
const inputs: Partial<Record<RouteName, { query?: string; body?: object }>> = {
  readReadings: { query: "?device=probe-1&reading=temperature" },
  exportReadings: { query: "?device=probe-1&reading=temperature" },
  readTrack: { query: "?device=probe-1" },
  putRule: { body: { expectedVersion: 0, rule: silentProbe } },
  previewRule: { body: { rule: silentProbe } },
  pairScreen: { body: { code: "BCDFGHJK", name: "Wall" } },
  addDevice: { body: { deviceId: "probe-2", kind: "temperature-probe" } },
  editDevice: { body: { expectedVersion: 1, name: "Kulkas sayur" } },
  rotateDevice: { body: {} },
  revokeDevice: { body: {} },
  enableDevice: { body: {} },
  sendCommand: { body: { name: "blink" } },
  putKitchen: { body: { name: "Dapur", timeZone: "Asia/Jayapura", expectedVersion: 1 } },
  acknowledgeAlert: { body: {} },
  resolveAlert: { body: { correctiveAction: "Discarded" } },
};

const isOnce: ReadonlySet<RouteName> = new Set([
  "putRule",
  "addDevice",
  "editDevice",
  "enableDevice",
  "putKitchen",
]);

const places = {
  own: sppgId,
  other: otherSppgId,
  unknown: "sppg-nowhere-999",
  malformed: "..%2f..%2fetc",
  shouting: "SPPG-JAKARTA-001",
  polluting: "__proto__",
};

type Place = keyof typeof places;
type Asker = Pick<Client, "get" | "send">;

function ask(asker: Asker, name: RouteName, kitchen: string) {
  const { method, path }: RouteFacts = routes[name];
  const { query = "", body } = inputs[name] ?? {};
  const url = path
    .replace("{sppgId}", kitchen)
    .replace("{alertId}", "a1")
    .replace("{sessionId}", "A".repeat(16))
    .replace("{deviceId}", "probe-1")
    .replace("{key}", "silent-probe");
  if (method === "GET") return asker.get(`${url}${query}`);
  return asker.send(method, url, body === undefined ? {} : { body });
}

async function signInAs(made: KitchenApi, role: PersonRole): Promise<Asker> {
  const known = userRoles.find((candidate) => candidate === role);
  if (known !== undefined) return made.signIn(known, [sppgId]);
  return pairScreen(made, await made.signIn("head", [sppgId]), { sppgId });
}

function expected(role: PersonRole | null, name: RouteName, place: Place): number[] {
  if (role === null) return [401];
  const isSeen = place === "own" || (role === "operator" && place === "other");
  if (!isSeen) return [404];
  if (!mayCall(role, name)) return [403];
  // No screen waits with that code, or after some tries nobody may guess any more.
  if (name === "pairScreen") return [422, 429];
  if (name === "revokeScreen") return [404];
  // Whoever comes later finds it done: a rule put, a device added, edited, revoked or enabled.
  if (isOnce.has(name)) return [200, 409];
  // The other kitchen has no alert.
  return place === "other" && routes[name].path.includes("{alertId}") ? [404] : [200];
}

test("every role meets every route of its own, another's and no kitchen as the table says", async (t) => {
  const made = await createKitchenApi(t);
  await made.ingest.applyEffects([alertEffect()]);
  const kitchenRoutes = routeNames.filter((name) => routes[name].path.includes("{sppgId}"));
  const missing = (await made.server.inject("/nowhere")).body;
  const nobody = createClient(made.server, "");
  let count = 0;
  for (const role of [null, ...personRoles]) {
    const asker = role === null ? nobody : await signInAs(made, role);
    for (const name of kitchenRoutes) {
      for (const place of Object.keys(places) as Place[]) {
        const answer = await ask(asker, name, places[place]);
        const label = `${role} ${name} ${place}: ${answer.statusCode}`;
        expect(expected(role, name, place), label).toContain(answer.statusCode);
        const isHidden = answer.statusCode === 404 && !(role === "operator" && place === "other");
        expect(isHidden ? answer.body : missing, label).toBe(missing);
        count += 1;
      }
    }
  }
  expect(count).toBeGreaterThanOrEqual(300);
});

test("every route outside of kitchens asks who is there", async (t) => {
  const made = await createKitchenApi(t);
  const nobody = createClient(made.server, "");
  const others = routeNames.filter(
    (name) => !routes[name].path.includes("{sppgId}") && !mayCall(null, name),
  );
  for (const name of others) {
    const { method, path }: RouteFacts = routes[name];
    const url = path.replace("{sessionId}", "A".repeat(16)).replace("{email}", "x@example.org");
    const json = method === "POST" || method === "PUT" ? { body: {} } : {};
    const answer = method === "GET" ? await nobody.get(url) : await nobody.send(method, url, json);
    expect([name, answer.statusCode]).toEqual([name, 401]);
  }
});

test("every role meets every route outside of kitchens as the table says", async (t) => {
  const made = await createKitchenApi(t);
  const others = routeNames.filter(
    (name) => !routes[name].path.includes("{sppgId}") && !mayCall(null, name),
  );
  for (const role of personRoles) {
    const asker = await signInAs(made, role);
    // The last one, after which nobody would be asked.
    for (const name of others.toSorted((a) => (a === "signOut" ? 1 : -1))) {
      const { method, path }: RouteFacts = routes[name];
      const url = path.replace("{sessionId}", "A".repeat(16)).replace("{email}", "x@example.org");
      const json = method === "POST" || method === "PUT" ? { body: {} } : {};
      const answer = method === "GET" ? await asker.get(url) : await asker.send(method, url, json);
      // Of who may, some send nothing that is right, or name nobody.
      const right = mayCall(role, name) ? [200, 204, 400, 404] : [403];
      expect(right, `${role} ${name}: ${answer.statusCode}`).toContain(answer.statusCode);
    }
  }
});

test("a role that may not is told so, and it stands in the audit log, once a minute", async (t) => {
  const made = await createKitchenApi(t);
  const viewer = await made.signIn("viewer");
  const refused = () => made.audit.filter(({ action }) => action === "http.refused").length;
  for (let count = 0; count < 10; count += 1) await ask(viewer, "putRule", sppgId);
  expect(refused()).toBe(1);
  made.pass(60_000);
  const answer = await ask(viewer, "putRule", sppgId);
  expect(refused()).toBe(2);
  expect(answer.json()).toMatchObject({ status: 403, code: "DASHBOARD_ROLE_FORBIDDEN" });
  expect(made.audit.at(-1)).toMatchObject({
    actor: `user:${viewer.email}`,
    action: "http.refused",
    sppgId,
    subject: "putRule",
    outcome: "refused",
  });
});

test("asking for another's kitchen stands in the audit log, though the answer says nothing", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  await ask(cook, "readSnapshot", otherSppgId);
  expect(made.audit.at(-1)).toMatchObject({
    actor: `user:${cook.email}`,
    action: "http.refused",
    sppgId: otherSppgId,
    subject: "readSnapshot",
    detail: { because: "kitchen", role: "cook" },
  });
});

test("the audit log names no kitchen that can be none", async (t) => {
  const made = await createKitchenApi(t);
  const cook = await made.signIn("cook");
  await ask(cook, "readSnapshot", "..%2f%00%1b[2Jetc");
  expect(made.audit.at(-1)).toMatchObject({ action: "http.refused", sppgId: null });
});

test("a person of two kitchens sees both and lists both, an operator all", async (t) => {
  const made = await createKitchenApi(t);
  const both = await made.signIn("nutritionist", [otherSppgId, sppgId]);
  const one = await made.signIn("cook", [otherSppgId]);
  const operator = await made.signIn("operator");
  const list = async (client: Client): Promise<string[]> => {
    const { kitchens } = (await client.get("/api/kitchens")).json();
    return kitchens.map((kitchen: { sppgId: string }) => kitchen.sppgId);
  };
  expect(await list(both)).toEqual([sppgId, otherSppgId]);
  expect(await list(one)).toEqual([otherSppgId]);
  expect(await list(operator)).toEqual([sppgId, otherSppgId]);
  await made.registry.addKitchen(
    { sppgId: "sppg-ambon-001", name: "Ambon", timeZone: "Asia/Jayapura" },
    "cli",
  );
  expect(await list(operator)).toContain("sppg-ambon-001");
});
