import type { StoredSession } from "./people.ts";

/** Wall screens: paired by a code, each with a session of one kitchen that can only read. */

/** Long enough to walk to the screen and to find the phone; then the code is worthless. */
export const pairingMsMax = 10 * 60_000;
/** Whoever asks for more from one address (a /64) loses the oldest code of that address. */
export const pairingsPerPlaceMax = 5;
/** Together: codes that wait are what a guesser may hit. */
export const pairingsMax = 1_000;
/** School holidays leave a screen dark for weeks; after this nobody knows where it hangs. */
export const screenIdleMsMax = 60 * 24 * 3600 * 1000;
/** Browsers keep no cookie for longer than 400 days [RFC 6265bis section 5.5]. */
export const screenMsMax = 365 * 24 * 3600 * 1000;
/** A kitchen has a handful of walls; beyond it somebody forgets to disconnect. */
export const screensPerKitchenMax = 20;

/** What a screen is called where an account's address would stand. */
export function screenUserId(sessionId: string): string {
  return `screen:${sessionId}`;
}

export interface OpenedPairing {
  /** 256 bits, known to the screen alone: it collects the session, the code never does. */
  secret: string;
  /** What a person types; names the screen and gives nothing by itself. */
  code: string;
  expiresAtMs: number;
}

export interface ListedScreen {
  sessionId: string;
  name: string;
  /** Who entered the code: an e-mail address. */
  pairedBy: string;
  createdAtMs: number;
  lastSeenAtMs: number;
  expiresAtMs: number;
  address: string | null;
  userAgent: string | null;
}

export interface ApprovedPairing {
  name: string;
  /** Where the screen asked from, so that a person sees whether it is the one before them. */
  address: string;
  userAgent: string | null;
}

export interface By {
  /** As the audit log names them. */
  actor: string;
  address: string | null;
}

/** A part of the service `people` of the records worker. */
export interface Screens {
  /** `null`: too many codes wait already. */
  openPairing(from: { address: string; userAgent: string | null }): Promise<OpenedPairing | null>;
  /** Answers for what may be no code, too. `full`: the kitchen has as many screens as it may. */
  approvePairing(
    input: { code: string; sppgId: string; name: string; email: string },
    by: By,
  ): Promise<ApprovedPairing | "unknown" | "full">;
  /**
   * What the screen's secret is worth: `waiting` for a person, `gone` after its time or its one
   * use, else the session's token, once. The session that the browser had ends.
   */
  collectPairing(input: {
    secret: string;
    address: string;
    userAgent: string | null;
    replacesSha256Hex: string | null;
  }): Promise<"waiting" | "gone" | { token: string; session: StoredSession }>;
  /** Newest first. */
  listScreens(sppgId: string): Promise<ListedScreen[]>;
  /** `false`: this kitchen has no such screen. */
  endScreen(input: { sppgId: string; sessionId: string }, by: By): Promise<boolean>;
}
