import { expect, test } from "vitest";
import { pairingAlphabet, pairingCodeLength } from "../../../../dashboard/contract/index.ts";
import { generatePairingCode } from "../../../../dashboard/server/people/pairing-code.ts";
import {
  PairingLimits,
  pairingLimits,
} from "../../../../dashboard/server/people/pairing-limits.ts";
import {
  pairingMsMax,
  pairingsPerPlaceMax,
  screenIdleMsMax,
  screenMsMax,
  screensPerKitchenMax,
} from "../../../../dashboard/server/people/screens.ts";
import { signInLimits } from "../../../../dashboard/server/people/sign-in-limits.ts";
import { alertEffect } from "../../../ingest/desk/factories.ts";
import { cookieOf, createClient, createKitchenApi, otherSppgId, sppgId } from "../kitchen-api.ts";
import { collect, enterCode, openPairing, pairScreen } from "../screens.ts";

interface Screens {
  screens: { sessionId: string; name: string; pairedBy: string }[];
}

test("a screen waits, its code is entered, and its secret collects a session that reads", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const { code, secret, expiresAtMs } = await openPairing(made);
  expect(expiresAtMs).toBe(made.clock.wallMs + pairingMsMax);
  const waiting = await collect(made, secret);
  expect(waiting.json()).toEqual({ session: null });
  expect(waiting.headers["set-cookie"]).toBeUndefined();

  const typed = `${code.slice(0, 4).toLowerCase()} - ${code.slice(4)}`;
  expect((await enterCode(head, { code: typed, sppgId })).statusCode).toBe(200);
  const collected = await collect(made, secret);
  expect(collected.json()).toMatchObject({
    session: { email: null, screenName: "Dinding barat", role: "kiosk", kitchens: [sppgId] },
  });
  expect(String(collected.headers["set-cookie"])).toContain(`Max-Age=${screenMsMax / 1_000};`);
  const screen = createClient(made.server, cookieOf(collected));
  expect((await screen.get(`/api/kitchens/${sppgId}/snapshot`)).statusCode).toBe(200);
  expect((await screen.get(`/api/kitchens/${otherSppgId}/snapshot`)).statusCode).toBe(404);
  expect((await screen.get("/api/kitchens")).json()).toMatchObject({ kitchens: [{ sppgId }] });
  const { screens } = (await head.get(`/api/kitchens/${sppgId}/screens`)).json<Screens>();
  expect(screens).toMatchObject([{ name: "Dinding barat", pairedBy: head.email }]);
});

test("a screen shows an alert's state, and neither who acted nor what they wrote", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const screen = await pairScreen(made, head, { sppgId });
  await made.ingest.applyEffects([alertEffect()]);
  const alert = `/api/kitchens/${sppgId}/alerts/a1`;
  const note = { note: "Pak Budi takes it" };
  expect((await head.send("POST", `${alert}/acknowledge`, { body: note })).statusCode).toBe(200);
  const done = { correctiveAction: "Bu Sri threw it away" };
  expect((await head.send("POST", `${alert}/resolve`, { body: done })).statusCode).toBe(200);
  const snapshot = `/api/kitchens/${sppgId}/snapshot`;
  const list = `/api/kitchens/${sppgId}/alerts?state=all`;
  const told = new RegExp(`${head.email}|Budi|Sri`);
  for (const url of [alert, list]) {
    expect((await head.get(url)).body).toMatch(told);
    const seen = await screen.get(url);
    expect(seen.body).toContain('"response":"acknowledged"');
    expect([url, told.exec(seen.body)]).toEqual([url, null]);
  }
  // Acknowledged and not yet cleared: it stands in the snapshot.
  await made.ingest.applyEffects([alertEffect({ alertId: "a2" })]);
  const second = `/api/kitchens/${sppgId}/alerts/a2/acknowledge`;
  expect((await head.send("POST", second, { body: note })).statusCode).toBe(200);
  expect((await head.get(snapshot)).body).toMatch(told);
  const seen = await screen.get(snapshot);
  expect(seen.body).toContain('"response":"acknowledged"');
  expect(told.exec(seen.body)).toBeNull();
});

test("pairing and its end stand in the audit log with who did it", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const screen = await pairScreen(made, head, { sppgId });
  const { screens } = (await head.get(`/api/kitchens/${sppgId}/screens`)).json<Screens>();
  const id = screens[0]?.sessionId ?? "";
  await head.send("DELETE", `/api/kitchens/${sppgId}/screens/${id}`);
  expect((await screen.get("/api/session")).statusCode).toBe(401);
  const rows = await made.records.db
    .withTables<{ audit_log: Record<"action" | "actor" | "subject" | "sppg_id", string | null> }>()
    .selectFrom("audit_log")
    .select(["action", "actor", "subject", "sppg_id"])
    .where("action", "like", "screen.%")
    .execute();
  const told = { actor: `user:${head.email}`, subject: `screen:${id}`, sppg_id: sppgId };
  expect(rows).toEqual([
    { action: "screen.pair", ...told },
    { action: "screen.end", ...told },
  ]);
});

test("a wrong code, one that is over, and one that was entered already are all unknown", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const wrong = await enterCode(head, { code: "BCDFGHJK", sppgId });
  expect(wrong.json()).toMatchObject({ code: "DASHBOARD_PAIRING_UNKNOWN", status: 422 });
  const used = await openPairing(made);
  expect((await enterCode(head, { code: used.code, sppgId })).statusCode).toBe(200);
  expect((await enterCode(head, { code: used.code, sppgId })).body).toBe(wrong.body);
  const late = await openPairing(made);
  made.pass(pairingMsMax);
  expect((await enterCode(head, { code: late.code, sppgId })).body).toBe(wrong.body);
  expect((await collect(made, late.secret)).statusCode).toBe(404);
  // Entered in time, but collected too late.
  expect((await collect(made, used.secret)).statusCode).toBe(404);
});

test("a secret collects once, and neither the code nor a guess collects at all", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const { code, secret } = await openPairing(made);
  await enterCode(head, { code, sppgId });
  expect((await collect(made, code)).statusCode).toBe(400);
  expect((await collect(made, "A".repeat(43))).statusCode).toBe(404);
  const [first, second] = await Promise.all([collect(made, secret), collect(made, secret)]);
  const statuses = [first.statusCode, second.statusCode];
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 404]);
});

test("a session that was planted in the screen's browser ends with the pairing", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const planted = await made.signIn("viewer", [otherSppgId]);
  const { code, secret } = await openPairing(made);
  await enterCode(head, { code, sppgId });
  const collected = await collect(made, secret, { cookie: planted.cookie });
  expect(cookieOf(collected)).not.toBe(planted.cookie);
  expect((await planted.get("/api/session")).statusCode).toBe(401);
});

test("another site's page can neither open nor collect a pairing in somebody's browser", async (t) => {
  const made = await createKitchenApi(t);
  const { secret } = await openPairing(made);
  const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
  expect((await made.post("/api/pairings", {}, foreign)).statusCode).toBe(403);
  expect((await collect(made, secret, foreign)).statusCode).toBe(403);
});

test("nobody pairs, lists or ends a screen of a kitchen that is not theirs", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head", [sppgId]);
  const stranger = await made.signIn("head", [otherSppgId]);
  const { code } = await openPairing(made);
  expect((await enterCode(stranger, { code, sppgId })).statusCode).toBe(404);
  await pairScreen(made, head, { sppgId });
  const { screens } = (await head.get(`/api/kitchens/${sppgId}/screens`)).json<Screens>();
  const id = screens[0]?.sessionId ?? "";
  for (const kitchen of [sppgId, otherSppgId]) {
    const answer = await stranger.send("DELETE", `/api/kitchens/${kitchen}/screens/${id}`);
    expect(answer.statusCode).toBe(404);
  }
  expect((await stranger.get(`/api/kitchens/${sppgId}/screens`)).statusCode).toBe(404);
  const own = await stranger.get(`/api/kitchens/${otherSppgId}/screens`);
  expect(own.json()).toEqual({ screens: [] });
});

test("guessing codes is slowed down as guessing passwords is, also after a right one", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const guess = async (): Promise<number> =>
    (await enterCode(head, { code: "BCDFGHJK", sppgId })).statusCode;
  for (let at = 0; at < signInLimits.failuresPerAccount - 1; at += 1) {
    expect(await guess()).toBe(422);
  }
  await pairScreen(made, head, { sppgId });
  expect(await guess()).toBe(422);
  const limited = await enterCode(head, { code: "BCDFGHJK", sppgId });
  expect(limited.json()).toMatchObject({ code: "DASHBOARD_PAIRING_LIMITED", status: 429 });
  expect(limited.headers["retry-after"]).toBe("2");
  // What `generatePairingCode` says of guessers: as many tries as fit into the life of a code.
  let judged = signInLimits.failuresPerAccount;
  for (const endMs = made.clock.monotonicMs + pairingMsMax; made.clock.monotonicMs < endMs; ) {
    if ((await guess()) === 422) judged += 1;
    made.pass(1_000);
  }
  expect(judged).toBeLessThanOrEqual(13);
  expect(made.audit.some(({ action }) => action === "screen.pair.limited")).toBe(true);
});

test("asking for codes again and again is limited, and forgets one's own oldest code first", async (t) => {
  const made = await createKitchenApi(t);
  const pairings: { secret: string }[] = [];
  for (let at = 0; at <= pairingsPerPlaceMax; at += 1) {
    made.pass(10);
    pairings.push(await openPairing(made));
  }
  const statuses = await Promise.all(
    pairings.map(async ({ secret }) => (await collect(made, secret)).statusCode),
  );
  expect(statuses).toEqual([404, ...Array.from({ length: pairingsPerPlaceMax }, () => 200)]);
  for (let at = pairings.length; at < pairingLimits.opensPerPlace; at += 1) await openPairing(made);
  const limited = await made.post("/api/pairings", {});
  expect(limited.json()).toMatchObject({ code: "DASHBOARD_PAIRING_LIMITED", status: 429 });
  made.pass(pairingLimits.windowMs);
  expect((await made.post("/api/pairings", {})).statusCode).toBe(200);
});

test("an address that waits does not keep another from asking, nor one /64 itself", () => {
  const limits = new PairingLimits(() => 1_000);
  const waits = Array.from({ length: pairingLimits.opensPerPlace + 1 }, (_, at) =>
    limits.take(`2001:db8::${at.toString(16)}`),
  );
  expect(waits.filter((waitMs) => waitMs > 0)).toEqual([pairingLimits.windowMs]);
  expect(limits.take("2001:db8:0:1::1")).toBe(0);
});

test("a kitchen has a bounded number of screens", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  for (let at = 0; at < screensPerKitchenMax; at += 1) {
    await pairScreen(made, head, { sppgId });
    made.pass(60_000);
  }
  const { code } = await openPairing(made);
  const full = await enterCode(head, { code, sppgId });
  expect(full.json()).toMatchObject({ code: "DASHBOARD_SCREENS_FULL", status: 409 });
});

test("a screen lives for months of use, and ends after weeks without", async (t) => {
  const made = await createKitchenApi(t);
  const screen = await pairScreen(made, await made.signIn("head"), { sppgId });
  for (let passedMs = 0; passedMs < screenMsMax; passedMs += screenIdleMsMax / 2) {
    expect((await screen.get("/api/session")).statusCode).toBe(200);
    made.pass(screenIdleMsMax / 2);
  }
  expect((await screen.get("/api/session")).statusCode).toBe(401);
  const idle = await pairScreen(made, await made.signIn("head"), { sppgId });
  made.pass(screenIdleMsMax);
  expect((await idle.get("/api/session")).statusCode).toBe(401);
  await pairScreen(made, await made.signIn("head"), { sppgId });
  made.pass(screenIdleMsMax);
  // The screen, and the sessions of its heads.
  const people = 3;
  expect(await made.people.sweepSessions()).toBe(people + 1);
  const head = await made.signIn("head");
  expect((await head.get(`/api/kitchens/${sppgId}/screens`)).json()).toEqual({ screens: [] });
});

test("a screen that is switched off by hand ends its own session", async (t) => {
  const made = await createKitchenApi(t);
  const screen = await pairScreen(made, await made.signIn("head"), { sppgId });
  expect((await screen.send("DELETE", "/api/session")).statusCode).toBe(204);
  expect((await screen.get("/api/session")).statusCode).toBe(401);
});

test("codes are of letters that nobody confuses, and never the same", () => {
  const codes = Array.from({ length: 1_000 }, generatePairingCode);
  expect(new Set(codes).size).toBe(codes.length);
  expect(pairingAlphabet).not.toMatch(/[01ILOAEU]/);
  for (const code of codes) expect(code).toHaveLength(pairingCodeLength);
  expect(new Set(codes.join("")).size).toBe(pairingAlphabet.length);
});
