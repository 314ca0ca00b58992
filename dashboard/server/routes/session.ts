import type { FastifyRequest } from "fastify";
import type { RouteAnswer } from "../../contract/index.ts";
import { dashboardError } from "../errors.ts";
import type { SessionCookie } from "../people/cookie.ts";
import type { PersonSession } from "../people/live-session.ts";
import type { StoredSession } from "../people/people.ts";
import { SignInLimits } from "../people/sign-in-limits.ts";
import { VerifyGate } from "../people/verify-gate.ts";
import { notFound } from "../problems.ts";
import { registerPasswordRoute } from "./own-password.ts";
import { type Api, authorOf, route } from "./route.ts";

export function registerSessionRoutes(api: Api, cookie: SessionCookie): void {
  const guards = {
    limits: new SignInLimits(() => api.clock.monotonicMs()),
    gate: new VerifyGate(),
  };
  route(api, "signIn", async ({ body, request, reply }) => {
    const signedIn = await signIn(api, guards, { ...body, request });
    reply.header("set-cookie", cookie.set(signedIn.token));
    return describe(api, signedIn.session);
  });
  registerPasswordRoute(api, guards);
  route(api, "readSession", async ({ session }) => ({
    email: session.screenName === null ? session.userId : null,
    screenName: session.screenName,
    role: session.role,
    kitchens: session.kitchens === "all" ? session.kitchens : [...session.kitchens],
    createdAtMs: session.createdAtMs,
    expiresAtMs: session.expiresAtMs,
    isInsecure: api.config.isInsecure,
  }));
  route(api, "signOut", async ({ session, request, reply }) => {
    await endOwn(api, session, authorOf(request, session));
    reply.header("set-cookie", cookie.clear());
    return undefined;
  });
  route(api, "listSessions", async ({ session }) => {
    const listed = await api.services.people.listSessions(session.userId);
    const sessions = listed.map((one) => ({
      ...one,
      isCurrent: one.sessionId === session.sessionId,
    }));
    return { sessions };
  });
  route(api, "revokeSession", async ({ session, params, request }) => {
    const target = { email: session.userId, sessionId: params.sessionId };
    if (!(await api.sessions.end(target, authorOf(request, session)))) throw notFound();
    return undefined;
  });
}

async function endOwn(
  api: Api,
  session: PersonSession,
  who: { actor: string; address: string },
): Promise<void> {
  const { userId: email, sessionId, kitchens, screenName } = session;
  if (screenName === null || kitchens === "all") {
    await api.sessions.end({ email, sessionId }, who);
    return;
  }
  for (const sppgId of kitchens) await api.sessions.endScreen({ sppgId, sessionId }, who);
}

interface SignIn {
  email: string;
  password: string;
  request: FastifyRequest;
}

interface Guards {
  limits: SignInLimits;
  gate: VerifyGate;
}

async function signIn(api: Api, { limits, gate }: Guards, input: SignIn) {
  const { email, password, request } = input;
  const attempt = beginTry(api, limits, input);
  const replacesSha256Hex = api.sessions.tokenHashOf(request);
  try {
    const signedIn = await gate.run(attempt.isDoubted, () =>
      api.services.people.signIn({
        email,
        password,
        address: request.ip,
        userAgent: request.headers["user-agent"] ?? null,
        replacesSha256Hex,
      }),
    );
    if (signedIn === null) {
      attempt.fail();
      note(api, input, { action: "session.start", outcome: "refused" });
      throw dashboardError("DASHBOARD_SIGN_IN_REFUSED", { message: "Wrong address or password." });
    }
    attempt.succeed();
    if (replacesSha256Hex !== null) api.sessions.dropReplaced(replacesSha256Hex);
    note(api, input, { action: "session.start", outcome: "done" });
    return signedIn;
  } finally {
    // The records failed, or the line was too long: the password was not judged.
    attempt.cancel();
  }
}

function beginTry(api: Api, limits: SignInLimits, input: SignIn) {
  const { limited, attempt } = limits.begin(input.email, input.request.ip);
  if (attempt !== null) return attempt;
  // One line a wait, however often somebody knocks meanwhile.
  if (limited.isFirst) note(api, input, { action: "session.limited", outcome: "refused" });
  throw dashboardError("DASHBOARD_SIGN_IN_LIMITED", {
    message: "Too many failed sign-ins from here.",
    facts: { retryAfterSeconds: Math.ceil(limited.waitMs / 1_000) },
  });
}

function note(
  api: Api,
  { email, request }: SignIn,
  what: { action: string; outcome: "done" | "refused" },
): void {
  api.services.audit.write({
    atMs: api.clock.wallMs(),
    // Whoever failed has shown no right to the name.
    actor: what.outcome === "done" ? `user:${email}` : "anonymous",
    action: what.action,
    sppgId: null,
    subject: email,
    address: request.ip,
    outcome: what.outcome,
    detail: {},
  });
}

/** A session as its own browser sees it. */
export function describe(api: Api, session: StoredSession): RouteAnswer<"signIn"> {
  const { email, role, kitchens, screenName, createdAtMs, expiresAtMs } = session;
  return {
    email: screenName === null ? email : null,
    screenName,
    role,
    kitchens: role === "operator" ? "all" : [...kitchens],
    createdAtMs,
    expiresAtMs,
    isInsecure: api.config.isInsecure,
  };
}
