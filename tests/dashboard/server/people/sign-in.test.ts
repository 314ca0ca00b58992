import { expect, test } from "vitest";
import { createPeople } from "../../../../dashboard/server/people/create-people.ts";
import { SignInLimits, signInLimits } from "../../../../dashboard/server/people/sign-in-limits.ts";
import {
  VerifyGate,
  verifiesMax,
  verifiesWaitingMax,
} from "../../../../dashboard/server/people/verify-gate.ts";
import { verifyPassword } from "../../../../devices/index.ts";
import { createKitchenApi, type KitchenApi } from "../kitchen-api.ts";

const input = { address: "192.0.2.1", userAgent: null, replacesSha256Hex: null };

function tryFrom(made: KitchenApi, address: string, login: { email: string; password: string }) {
  return made.server.inject({
    method: "POST",
    url: "/api/session",
    headers: { "content-type": "application/json" },
    payload: JSON.stringify(login),
    remoteAddress: address,
  });
}

test("an unknown person and a wrong password get one and the same answer", async (t) => {
  const made = await createKitchenApi(t);
  const { email } = await made.addPerson("head");
  const wrong = await made.post("/api/session", { email, password: "wrong" });
  const unknown = await made.post("/api/session", { email: "x@example.org", password: "wrong" });
  expect(wrong.statusCode).toBe(401);
  expect(unknown.statusCode).toBe(401);
  expect(unknown.body).toBe(wrong.body);
  expect(Object.keys(unknown.headers).toSorted()).toEqual(Object.keys(wrong.headers).toSorted());
});

test("an unknown person costs the same work as a known one", async (t) => {
  const made = await createKitchenApi(t);
  const { email } = await made.addPerson("head");
  const costs: string[] = [];
  const time = { wallMs: () => made.clock.wallMs, monotonicMs: () => made.clock.monotonicMs };
  const people = createPeople(made.records, time, (hash, password) => {
    // The method, its memory, passes and lanes, and how long salt and hash are.
    costs.push(
      hash
        .split("$")
        .map((part, at) => (at > 3 ? part.length : part))
        .join("$"),
    );
    return verifyPassword(hash, password);
  });
  expect(await people.signIn({ ...input, email, password: "wrong" })).toBeNull();
  expect(await people.signIn({ ...input, email: "x@example.org", password: "wrong" })).toBeNull();
  expect(costs).toHaveLength(2);
  expect(costs[1]).toBe(costs[0]);
});

test("a password that was reset while it was verified opens no session", async (t) => {
  const made = await createKitchenApi(t);
  const login = await made.addPerson("head");
  const time = { wallMs: () => made.clock.wallMs, monotonicMs: () => made.clock.monotonicMs };
  const people = createPeople(made.records, time, async (hash, password) => {
    const isRight = await verifyPassword(hash, password);
    await made.registry.resetUserPassword(login.email, "cli");
    return isRight;
  });
  expect(await people.signIn({ ...input, ...login })).toBeNull();
  expect(await people.listSessions(login.email)).toEqual([]);
});

test("guessing from one address never keeps the person out who comes from another", async (t) => {
  const made = await createKitchenApi(t);
  const login = await made.addPerson("head");
  const guess = { email: login.email, password: "guess" };
  const statuses: number[] = [];
  for (let count = 0; count < 20; count += 1) {
    statuses.push((await tryFrom(made, "198.51.100.9", guess)).statusCode);
  }
  expect(statuses.filter((status) => status === 401)).toHaveLength(signInLimits.failuresPerAccount);
  expect(new Set(statuses.slice(signInLimits.failuresPerAccount))).toEqual(new Set([429]));
  expect((await tryFrom(made, "198.51.100.9", login)).statusCode).toBe(429);
  expect((await tryFrom(made, "192.0.2.44", login)).statusCode).toBe(200);
});

test("the wait doubles with each failure, is told, and is over by itself", async (t) => {
  const made = await createKitchenApi(t);
  const login = await made.addPerson("head");
  const guess = { email: login.email, password: "guess" };
  const fail = () => tryFrom(made, "198.51.100.9", guess);
  for (let count = 0; count < signInLimits.failuresPerAccount; count += 1) await fail();
  const waits: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const limited = await fail();
    expect(limited.json()).toMatchObject({ code: "DASHBOARD_SIGN_IN_LIMITED", status: 429 });
    waits.push(String(limited.headers["retry-after"]));
    made.pass(Number(waits.at(-1)) * 1_000);
    expect((await fail()).statusCode).toBe(401);
  }
  expect(waits).toEqual(["2", "4", "8"]);
  made.pass(16_000);
  expect((await tryFrom(made, "198.51.100.9", login)).statusCode).toBe(200);
});

test("setting the clock back or ahead neither ends nor lengthens a wait", async (t) => {
  const made = await createKitchenApi(t);
  const login = await made.addPerson("head");
  const guess = { email: login.email, password: "guess" };
  for (let count = 0; count < 5; count += 1) await tryFrom(made, "198.51.100.9", guess);
  made.clock.wallMs += 86_400_000;
  expect((await tryFrom(made, "198.51.100.9", login)).statusCode).toBe(429);
  made.clock.wallMs -= 2 * 86_400_000;
  made.clock.monotonicMs += 2_000;
  expect((await tryFrom(made, "198.51.100.9", login)).statusCode).toBe(200);
});

test("trying many accounts from one address is limited as well, also within one /64", () => {
  const limits = new SignInLimits(() => 1_000);
  const begins = Array.from({ length: signInLimits.failuresPerAddress + 1 }, (_, at) => {
    const begin = limits.begin(`x${at}@example.org`, `2001:db8::${at.toString(16)}`);
    begin.attempt?.fail();
    return begin.limited;
  });
  expect(begins.slice(0, -1).every((limited) => limited === null)).toBe(true);
  expect(begins.at(-1)).toEqual({ waitMs: signInLimits.waitMsMin, isFirst: true });
  expect(limits.begin("x@example.org", "2001:db8:0:1::1").limited).toBeNull();
});

test("what is remembered of guesses is bounded, and a try that was never judged costs nothing", () => {
  const limits = new SignInLimits(() => 1_000);
  for (let at = 0; at < 100; at += 1) {
    limits.begin("x@example.org", "192.0.2.1").attempt?.cancel();
  }
  expect(limits.begin("x@example.org", "192.0.2.1").limited).toBeNull();
  for (let at = 0; at < signInLimits.keysMax + 10; at += 1) {
    limits.begin(`x${at}@example.org`, `10.0.${at >> 8}.${at & 255}`).attempt?.fail();
  }
  expect(limits.size).toBeLessThanOrEqual(2 * signInLimits.keysMax);
});

test("a hundred guesses at once are no hundred guesses", async (t) => {
  const made = await createKitchenApi(t);
  const { email } = await made.addPerson("head");
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => tryFrom(made, "198.51.100.9", { email, password: "guess" })),
  );
  const judged = answers.filter(({ statusCode }) => statusCode === 401);
  expect(judged.length).toBeLessThanOrEqual(signInLimits.runningPerAddress);
});

test("few passwords are verified at once, some wait, and the rest is told to come back", async () => {
  const gate = new VerifyGate();
  const held = Promise.withResolvers<void>();
  let running = 0;
  const work = async (): Promise<void> => {
    running += 1;
    await held.promise;
  };
  const entered = Array.from({ length: verifiesMax + verifiesWaitingMax }, () =>
    gate.run(false, work),
  );
  expect(running).toBe(verifiesMax);
  await expect(gate.run(false, work)).rejects.toMatchObject({
    code: "DASHBOARD_SIGN_IN_BUSY",
    retryable: true,
  });
  held.resolve();
  await Promise.all(entered);
  await gate.run(false, work);
});

test("in a full line a newcomer without a failure takes the place of a doubted one", async () => {
  const gate = new VerifyGate();
  const held = Promise.withResolvers<void>();
  const order: string[] = [];
  const enter = (name: string, isDoubted: boolean): Promise<void> =>
    gate.run(isDoubted, async () => {
      await held.promise;
      order.push(name);
    });
  const guesses = Array.from({ length: verifiesMax + verifiesWaitingMax }, () =>
    enter("guess", true),
  );
  const outcomes = Promise.allSettled(guesses);
  const person = enter("person", false);
  await expect(enter("guess", true)).rejects.toMatchObject({ code: "DASHBOARD_SIGN_IN_BUSY" });
  held.resolve();
  await person;
  const refused = (await outcomes).filter(({ status }) => status === "rejected");
  expect(refused).toMatchObject([{ reason: { code: "DASHBOARD_SIGN_IN_BUSY" } }]);
  // Only those that had begun before.
  expect(order.indexOf("person")).toBeLessThanOrEqual(verifiesMax);
});

test("an address is doubted from its first failure on", () => {
  const limits = new SignInLimits(() => 0);
  const first = limits.begin("a@example.org", "198.51.100.9").attempt;
  expect(first?.isDoubted).toBe(false);
  first?.fail();
  expect(limits.begin("b@example.org", "198.51.100.9").attempt?.isDoubted).toBe(true);
  expect(limits.begin("b@example.org", "198.51.100.10").attempt?.isDoubted).toBe(false);
});

test("sign-ins, refusals and ends stand in the audit log with who and from where", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  await made.post("/api/session", { email: head.email, password: "wrong" });
  await head.send("DELETE", "/api/session");
  expect(made.audit).toMatchObject([
    { action: "session.start", actor: `user:${head.email}`, outcome: "done", address: "127.0.0.1" },
    { action: "session.start", actor: "anonymous", subject: head.email, outcome: "refused" },
  ]);
  const ended = await made.records.db
    .withTables<{ audit_log: { action: string; actor: string; address: string } }>()
    .selectFrom("audit_log")
    .select(["actor", "address"])
    .where("action", "=", "session.end")
    .execute();
  expect(ended).toEqual([{ actor: `user:${head.email}`, address: "127.0.0.1" }]);
  expect(JSON.stringify(made.audit)).not.toContain(head.password);
});

test("no control character of an e-mail address reaches the audit log", async (t) => {
  const made = await createKitchenApi(t);
  for (const email of ["x\u0000@example.org", "x\n@example.org", "x\u001b[2J@example.org"]) {
    const answer = await made.post("/api/session", { email, password: "guess" });
    expect(answer.json()).toMatchObject({ status: 400, code: "DASHBOARD_INPUT_INVALID" });
  }
  expect(made.audit).toEqual([]);
});

test("what a proxy passes on counts as the caller's address only if it is one", async (t) => {
  const made = await createKitchenApi(t, {
    NADI_TRUSTED_PROXIES: "127.0.0.1",
    NADI_PUBLIC_URL: "https://nadi.example",
  });
  const guess = { email: "x@example.org", password: "guess" };
  const addressFor = async (forwarded: string) => {
    await made.post("/api/session", guess, { "x-forwarded-for": forwarded });
    return made.audit.at(-1)?.address;
  };
  expect(await addressFor("203.0.113.9")).toBe("203.0.113.9");
  expect(await addressFor("junk, 203.0.113.10")).toBe("203.0.113.10");
  expect(await addressFor("<script>")).toBe("127.0.0.1");
  expect(await addressFor("203.0.113.9:4711")).toBe("127.0.0.1");
});

test("a flood of limited tries is one line of the audit log", async (t) => {
  const made = await createKitchenApi(t);
  const guess = { email: "x@example.org", password: "guess" };
  for (let count = 0; count < 50; count += 1) await tryFrom(made, "198.51.100.9", guess);
  expect(made.audit.filter(({ action }) => action === "session.limited")).toHaveLength(1);
});
