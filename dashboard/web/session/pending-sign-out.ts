import { ApiError } from "../api/api-error.ts";
import { call } from "../api/page-api.ts";
import { readChoice, writeChoice } from "../design/stored-choice.ts";

/**
 * No script can take the cookie away, only the server: a sign-out that it has not heard of is
 * remembered, or the next one at this screen would open the page as the person before.
 */
const storageKey = "nadi.signingOut";

/** `false`: nobody answered; the next opening of the page asks for it again. */
export async function signOutForGood(): Promise<boolean> {
  writeChoice(storageKey, "yes");
  try {
    await call("signOut", {});
  } catch (error) {
    const isOver = error instanceof ApiError && error.status === 401;
    if (!isOver) return false;
  }
  forgetPendingSignOut();
  return true;
}

export function isSignOutPending(): boolean {
  return readChoice(storageKey) !== null;
}

/** Also at a sign-in, which ends on the server whatever session the browser had. */
export function forgetPendingSignOut(): void {
  writeChoice(storageKey, null);
}
