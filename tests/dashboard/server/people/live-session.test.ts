import { pino } from "pino";
import { expect, test, type TestContext } from "vitest";
import { createSessionCookie } from "../../../../dashboard/server/people/cookie.ts";
import type { StoredSession } from "../../../../dashboard/server/people/people.ts";
import { Sessions } from "../../../../dashboard/server/people/sessions.ts";
import type { RegistryChange } from "../../../../devices/index.ts";
import { createKitchenApi } from "../kitchen-api.ts";

const cookie = `nadi=${"A".repeat(43)}`;
const request = { headers: { cookie } };
const change = { seq: 1, kind: "user", sppgId: null, subject: "head@example.org" } as const;

interface Held {
  sessions: Sessions;
  answers: {
    session: StoredSession | null;
    error: Error | null;
    onAsk: () => void;
    /** Every answer waits for it. */
    gate: Promise<void>;
  };
  asked: () => number;
  tell(change: RegistryChange): void;
}

function hold(t: TestContext, remainingMs = 3_600_000): Held {
  const session: StoredSession = {
    sessionId: "s1",
    email: "head@example.org",
    role: "head",
    kitchens: ["sppg-jakarta-001"],
    screenName: null,
    createdAtMs: 0,
    lastSeenAtMs: 0,
    expiresAtMs: 1,
    remainingMs,
  };
  const answers: Held["answers"] = {
    session,
    error: null,
    onAsk: () => undefined,
    gate: Promise.resolve(),
  };
  const listeners = new Set<(change: RegistryChange) => void>();
  let asked = 0;
  const sessions = new Sessions({
    people: {
      async findSession() {
        asked += 1;
        const answer = answers.session;
        answers.onAsk();
        await answers.gate;
        if (answers.error !== null) throw answers.error;
        return answer;
      },
      endSession: () => Promise.resolve(true),
      endScreen: () => Promise.resolve(true),
      sweepSessions: () => Promise.resolve(0),
    },
    changes: {
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    cookie: createSessionCookie({ tls: null, publicUrl: null }),
    log: pino({ level: "silent" }),
  });
  sessions.start();
  t.onTestFinished(() => sessions.stop());
  const tell: Held["tell"] = (told) => {
    for (const listener of listeners) listener(told);
  };
  return { sessions, answers, asked: () => asked, tell };
}

test("a session is looked up once, and again after a change of its person", async (t) => {
  const { sessions, asked, tell } = hold(t);
  const [first, second] = await Promise.all([
    sessions.authenticate(request),
    sessions.authenticate(request),
  ]);
  expect(second).toBe(first);
  expect(await sessions.authenticate(request)).toBe(first);
  expect(asked()).toBe(1);
  tell({ ...change, subject: "other@example.org" });
  await sessions.authenticate(request);
  expect(asked()).toBe(1);
  tell(change);
  expect(await sessions.authenticate(request)).toBe(first);
  expect(asked()).toBe(2);
});

test("while strangers fill the look-ups, a session that is known is still looked up", async (t) => {
  const { sessions, answers, asked, tell } = hold(t);
  const known = await sessions.authenticate(request);
  const held = Promise.withResolvers<void>();
  answers.gate = held.promise;
  const strange = (at: number) => ({
    headers: { cookie: `nadi=${String(at).padStart(43, "B")}` },
  });
  const strangers = Array.from({ length: 256 }, (_, at) => sessions.authenticate(strange(at)));
  await expect(sessions.authenticate(strange(256))).rejects.toMatchObject({
    code: "DASHBOARD_BUSY",
  });
  tell(change);
  const again = sessions.authenticate(request);
  held.resolve();
  expect(await again).toBe(known);
  await Promise.all(strangers);
  expect(asked()).toBeGreaterThan(257);
});

test("what was asked before a change and answered after it is asked again", async (t) => {
  const { sessions, answers, tell } = hold(t);
  answers.onAsk = () => {
    answers.onAsk = () => undefined;
    answers.session = null;
    tell(change);
  };
  expect(await sessions.authenticate(request)).toBeNull();
});

test("who listens hears once that the session is gone", async (t) => {
  const { sessions, answers, tell } = hold(t);
  const session = await sessions.authenticate(request);
  const ended = Promise.withResolvers<void>();
  let heard = 0;
  session?.onEnd(() => {
    heard += 1;
    ended.resolve();
  });
  answers.session = null;
  tell(change);
  await ended.promise;
  tell(change);
  expect(await sessions.authenticate(request)).toBeNull();
  expect(heard).toBe(1);
  expect(session?.isEnded).toBe(true);
});

test("who listens hears of the expiry without asking", async (t) => {
  const { sessions, answers } = hold(t, 20);
  const session = await sessions.authenticate(request);
  const ended = Promise.withResolvers<void>();
  session?.onEnd(() => ended.resolve());
  answers.session = null;
  await ended.promise;
  expect(session?.isEnded).toBe(true);
});

test("who has stopped listening hears nothing", async (t) => {
  const { sessions, answers, tell } = hold(t);
  const session = await sessions.authenticate(request);
  const removed = session?.onEnd(() => expect.unreachable());
  removed?.();
  answers.session = null;
  tell(change);
  expect(await sessions.authenticate(request)).toBeNull();
});

test("records that can't be read end no session that is known, and admit no other", async (t) => {
  const { sessions, answers, tell } = hold(t);
  const session = await sessions.authenticate(request);
  session?.onEnd(() => expect.unreachable());
  answers.error = new Error("away");
  tell(change);
  await expect(sessions.authenticate(request)).rejects.toThrow("away");
  expect(session?.isEnded).toBe(false);
});

test("only a cookie of the right shape is looked up", async (t) => {
  const { sessions, asked } = hold(t);
  const cookies = [
    "",
    "nadi",
    "nadi=",
    "nadi=x",
    `other=${"A".repeat(43)}`,
    `nadi="${"A".repeat(41)}"`,
  ];
  for (const value of cookies) {
    expect(await sessions.authenticate({ headers: { cookie: value } })).toBeNull();
  }
  expect(await sessions.authenticate({ headers: {} })).toBeNull();
  expect(asked()).toBe(0);
});

test("a reset password in another process ends the socket's session by the change log", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("head");
  const session = await made.api.sessions.authenticate({ headers: { cookie: head.cookie } });
  expect(session).toMatchObject({ userId: head.email, role: "head" });
  expect(session?.kitchens).toEqual(new Set(["sppg-jakarta-001"]));
  const ended = Promise.withResolvers<void>();
  session?.onEnd(() => ended.resolve());
  await made.registry.resetUserPassword(head.email, "cli");
  await ended.promise;
  expect((await head.get("/api/session")).statusCode).toBe(401);
});

test("signing out ends the socket's session at once", async (t) => {
  const made = await createKitchenApi(t);
  const head = await made.signIn("operator");
  const session = await made.api.sessions.authenticate({ headers: { cookie: head.cookie } });
  expect(session?.kitchens).toBe("all");
  let isHeard = false;
  session?.onEnd(() => {
    isHeard = true;
  });
  await head.send("DELETE", "/api/session");
  expect(isHeard).toBe(true);
});
