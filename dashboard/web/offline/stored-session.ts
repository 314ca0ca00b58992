import type * as z from "zod/mini";
import { forgetNotices } from "../alarm/notifications.ts";
import { sessionSchema } from "../../contract/index.ts";
import { forgetLastKitchen } from "../app/last-kitchen.ts";
import { readChoice, writeChoice } from "../design/stored-choice.ts";
import { tellWorkerToForget } from "./register.ts";
import { forgetAnswers } from "./stored-answers.ts";

type Session = z.infer<typeof sessionSchema>;

/** No secret: the cookie, which no script can read, is what the server believes. */
const storageKey = "nadi.session";

/** Who is signed in on this screen, for when nobody can be asked. Another one's data goes first. */
export function keepSession(session: Session): void {
  const known = readStoredSession();
  const isSame =
    known !== null && known.email === session.email && known.screenName === session.screenName;
  if (known !== null && !isSame) forgetStored();
  writeChoice(storageKey, JSON.stringify(session));
}

/** `null`: nobody, or a session that is over by now. */
export function readStoredSession(): Session | null {
  const text = readChoice(storageKey);
  if (text === null) return null;
  try {
    const session = sessionSchema.parse(JSON.parse(text));
    return session.expiresAtMs > Date.now() ? session : null;
  } catch {
    // Of another version of the page: as if nobody were signed in.
    return null;
  }
}

/** At every sign-out: nothing of a person stays on the screen for the next one. */
export function forgetStored(): void {
  writeChoice(storageKey, null);
  forgetLastKitchen();
  tellWorkerToForget();
  Promise.all([forgetAnswers(), forgetNotices()]).catch((error: unknown) => {
    console.error("what was stored of the last person could not be removed", error);
  });
}
