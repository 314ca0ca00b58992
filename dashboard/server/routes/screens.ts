import type { FastifyRequest } from "fastify";
import { dashboardError } from "../errors.ts";
import type { SessionCookie } from "../people/cookie.ts";
import { actorOf, type PersonSession } from "../people/live-session.ts";
import { PairingLimits } from "../people/pairing-limits.ts";
import { screenMsMax } from "../people/screens.ts";
import { SignInLimits } from "../people/sign-in-limits.ts";
import { notFound } from "../problems.ts";
import { type Api, type Call, route } from "./route.ts";
import { describe } from "./session.ts";

/** Strangers' look-ups at once: devices that sign in wait for the same worker. */
const collectsMax = 32;

/**
 * Wall screens. The screen asks for a code and keeps a secret; a person who is responsible enters
 * the code for one kitchen; the secret collects the session. So who sees the code over a shoulder
 * gets no session, and nobody can plant one.
 */
export function registerScreenRoutes(api: Api, cookie: SessionCookie): void {
  const { people } = api.services;
  const opens = new PairingLimits(() => api.clock.monotonicMs());
  // Codes are guessed as passwords are: the same counts and waits, kept apart.
  const guesses = new SignInLimits(() => api.clock.monotonicMs());
  route(api, "openPairing", async ({ request }) => {
    const waitMs = opens.take(request.ip);
    if (waitMs > 0) throw limited(waitMs);
    const opened = await people.openPairing(placeOf(request));
    if (opened === null) {
      throw dashboardError("DASHBOARD_BUSY", { message: "Too many screens wait to be paired." });
    }
    return opened;
  });
  registerCollect(api, cookie);
  route(api, "pairScreen", (call) => pairScreen(api, guesses, call));
  route(api, "listScreens", async ({ kitchen }) => ({
    screens: await people.listScreens(kitchen.sppgId),
  }));
  route(api, "revokeScreen", async ({ kitchen, params, request, session }) => {
    const target = { sppgId: kitchen.sppgId, sessionId: params.sessionId };
    if (!(await api.sessions.endScreen(target, by(request, session)))) throw notFound();
    return undefined;
  });
}

function registerCollect(api: Api, cookie: SessionCookie): void {
  let running = 0;
  route(api, "collectPairing", async ({ body, request, reply }) => {
    if (running >= collectsMax) {
      throw dashboardError("DASHBOARD_BUSY", { message: "Too many screens ask at once." });
    }
    running += 1;
    const replacesSha256Hex = api.sessions.tokenHashOf(request);
    const asked = { secret: body.secret, ...placeOf(request), replacesSha256Hex };
    const found = await api.services.people.collectPairing(asked).finally(() => {
      running -= 1;
    });
    if (found === "gone") throw notFound();
    if (found === "waiting") return { session: null };
    if (replacesSha256Hex !== null) api.sessions.dropReplaced(replacesSha256Hex);
    const { token, session } = found;
    reply.header("set-cookie", cookie.set(token, screenMsMax));
    const [sppgId = null] = session.kitchens;
    note(api, { request, actor: session.email, action: "session.start", sppgId, outcome: "done" });
    return { session: describe(api, session) };
  });
}

async function pairScreen(api: Api, guesses: SignInLimits, call: Call<"pairScreen">) {
  const { body, kitchen, request, session } = call;
  const { sppgId } = kitchen;
  const refusal = { request, actor: actorOf(session), sppgId, outcome: "refused" } as const;
  const { attempt, limited: wait } = guesses.begin(session.userId, request.ip);
  if (attempt === null) {
    if (wait.isFirst) note(api, { ...refusal, action: "screen.pair.limited" });
    throw limited(wait.waitMs);
  }
  try {
    const input = { ...body, sppgId, email: session.userId };
    const paired = await api.services.people.approvePairing(input, by(request, session));
    if (paired === "unknown") {
      attempt.fail();
      note(api, { ...refusal, action: "screen.pair" });
      throw dashboardError("DASHBOARD_PAIRING_UNKNOWN", { message: "No screen has this code." });
    }
    if (paired === "full") {
      throw dashboardError("DASHBOARD_SCREENS_FULL", { message: "Too many screens." });
    }
    return paired;
  } finally {
    // A right code gives no wrong guesses back: else each would buy five more.
    attempt.cancel();
  }
}

function limited(waitMs: number) {
  return dashboardError("DASHBOARD_PAIRING_LIMITED", {
    message: "Too many codes from here.",
    facts: { retryAfterSeconds: Math.ceil(waitMs / 1_000) },
  });
}

function placeOf(request: FastifyRequest) {
  return { address: request.ip, userAgent: request.headers["user-agent"] ?? null };
}

function by(request: FastifyRequest, session: PersonSession) {
  return { actor: actorOf(session), address: request.ip };
}

function note(
  api: Api,
  what: {
    request: FastifyRequest;
    actor: string;
    action: string;
    sppgId: string | null;
    outcome: "done" | "refused";
  },
): void {
  const { request, ...event } = what;
  const address = request.ip;
  api.services.audit.write({
    atMs: api.clock.wallMs(),
    subject: null,
    detail: {},
    address,
    ...event,
  });
}
