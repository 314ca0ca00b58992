import type { PersonRole } from "../../contract/index.ts";
import type { Screens } from "./screens.ts";

/** A session ends when nobody has used it for this long [ASVS 7.3.1]. */
export const idleMsMax = 12 * 3600 * 1000;
/** And after this long however busy it is [ASVS 7.3.2]. */
export const sessionMsMax = 7 * 24 * 3600 * 1000;
/** The oldest one of a person ends when there would be more. */
export const sessionsPerPersonMax = 20;
/** How exactly the last use is known: it costs a write. */
export const lastSeenStepMs = 60_000;

/** A live session as the records know it; the cookie's value is not in it. */
export interface StoredSession {
  sessionId: string;
  email: string;
  role: PersonRole;
  /** Empty for an operator, who has all. */
  kitchens: readonly string[];
  /** Of a wall screen, whose `email` is `screen:` and its session's id; `null`: a person. */
  screenName: string | null;
  createdAtMs: number;
  lastSeenAtMs: number;
  expiresAtMs: number;
  /** Until it ends if nobody uses it. */
  remainingMs: number;
}

export interface ListedSession {
  sessionId: string;
  createdAtMs: number;
  lastSeenAtMs: number;
  expiresAtMs: number;
  address: string | null;
  userAgent: string | null;
}

/** Sessions of everybody or of one person, newest first. */
export interface SessionQuery {
  /** Only of people whose address has this in it; lower case. */
  email?: string | undefined;
  /** Behind this one. */
  before?: { createdAtMs: number; sessionId: string } | undefined;
  /** At most 500. */
  limit: number;
}

export interface PasswordChange {
  email: string;
  /** The session in which it is changed: it goes on, all others of the person end. */
  sessionId: string;
  current: string;
  next: string;
  address: string;
}

export interface CommandKey {
  email: string;
  /** Of the key that the person has sent; the key itself opens the stored answer. */
  keySha256Hex: string;
}

export type CommandState =
  /** It is the caller's to carry out, and then to finish or to abandon. */
  | { state: "begun" }
  | { state: "running" }
  | { state: "done"; sealedAnswer: string }
  /** The same key came with another request before. */
  | { state: "other" };

/** What makes sending a command twice the same as sending it once; survives a restart. */
export interface CommandKeys {
  beginCommand(key: CommandKey & { requestSha256Hex: string }): Promise<CommandState>;
  finishCommand(key: CommandKey & { sealedAnswer: string }): Promise<void>;
  /** It has failed and changed nothing: the key is free again. */
  abandonCommand(key: CommandKey): Promise<void>;
}

export interface SignInInput {
  email: string;
  password: string;
  address: string;
  userAgent: string | null;
  /** The session that the browser had: it ends, so that nobody can plant one [ASVS 7.2.4]. */
  replacesSha256Hex: string | null;
}

/**
 * Passwords and sessions: service name `people` of the records worker. No password hash leaves it,
 * and a session's token only once, at sign-in.
 */
export interface People extends CommandKeys, Screens {
  /** `null`: no such person, or not their password; both cost the same work. */
  signIn(input: SignInInput): Promise<{ token: string; session: StoredSession } | null>;
  /** `null`: none, or ended; `isUse` notes that somebody has used it. */
  findSession(tokenSha256Hex: string, isUse: boolean): Promise<StoredSession | null>;
  /** Newest first. */
  listSessions(email: string): Promise<ListedSession[]>;
  /** Newest first, of whomever; only those that have not ended. */
  searchSessions(query: SessionQuery): Promise<(ListedSession & { email: string })[]>;
  /** `false`: the current password is another one, and nothing has changed. */
  changePassword(change: PasswordChange): Promise<boolean>;
  /** `false`: this person has no such session. */
  endSession(
    input: { email: string; sessionId: string },
    by: { actor: string; address: string | null },
  ): Promise<boolean>;
  /** Forgets old commands, and every session that has ended by its time; answers how many. */
  sweepSessions(): Promise<number>;
}
