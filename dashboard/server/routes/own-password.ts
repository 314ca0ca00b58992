import { dashboardError } from "../errors.ts";
import { isWeakPassword } from "../people/password-policy.ts";
import type { SignInLimits } from "../people/sign-in-limits.ts";
import type { VerifyGate } from "../people/verify-gate.ts";
import { type Api, route } from "./route.ts";

/**
 * Whoever sits at an open session must still know the password: guesses count as at sign-in, and
 * together with those.
 */
export function registerPasswordRoute(
  api: Api,
  { limits, gate }: { limits: SignInLimits; gate: VerifyGate },
): void {
  route(api, "changePassword", async ({ body, session, request }) => {
    const { userId: email, sessionId } = session;
    if (isWeakPassword(body.next, email)) {
      throw dashboardError("DASHBOARD_PASSWORD_WEAK", { message: "The password is weak." });
    }
    const { attempt, limited } = limits.begin(email, request.ip);
    if (attempt === null) {
      const facts = { retryAfterSeconds: Math.ceil(limited.waitMs / 1_000) };
      throw dashboardError("DASHBOARD_SIGN_IN_LIMITED", { message: "Too many guesses.", facts });
    }
    try {
      const change = { email, sessionId, ...body, address: request.ip };
      const isChanged = await gate.run(attempt.isDoubted, () =>
        api.services.people.changePassword(change),
      );
      if (!isChanged) {
        attempt.fail();
        noteFailure(api, email, request.ip);
        throw dashboardError("DASHBOARD_PASSWORD_WRONG", { message: "Not the current one." });
      }
      attempt.succeed();
      api.sessions.distrust(email);
      return undefined;
    } finally {
      // The records failed, or the line was too long: the password was not judged.
      attempt.cancel();
    }
  });
}

function noteFailure(api: Api, email: string, address: string): void {
  api.services.audit.write({
    atMs: api.clock.wallMs(),
    actor: `user:${email}`,
    action: "user.password",
    sppgId: null,
    subject: email,
    address,
    outcome: "refused",
    detail: {},
  });
}
