import type { AddressLimits } from "./address-limits.ts";
import type { FairShareLimits } from "./fair-share.ts";
import type { FrozenLimits } from "./frozen.ts";
import type { PumpLimits } from "./pump.ts";
import type { RetainedLimits } from "./retained.ts";
import type { SessionStoreLimits } from "./session-store.ts";
import type { SignInRateLimits } from "./sign-in-rates.ts";
import type { ThrottleRates } from "./throttles.ts";

export interface EdgeClock {
  wallMs: () => number;
  monotonicMs: () => number;
}

export interface EdgeCounters {
  accepted: number;
  signedIn: number;
  received: number;
  journaled: number;
}

export interface EdgeLimits {
  pump: PumpLimits;
  shares: FairShareLimits;
  address: AddressLimits;
  sessions: SessionStoreLimits;
  retained: RetainedLimits;
  rates: ThrottleRates;
  /** How often one device may sign in. */
  signIns: SignInRateLimits;
  connectionsMax: number;
  connectionsPerPrincipal: number;
  /** Sockets of one person, over all of their sessions. */
  connectionsPerPerson: number;
  pendingJournalBytes: number;
  /** CONNECT must be complete and answered within this time. */
  connectDeadlineMs: number;
  /** Bytes towards a client above which QoS 0 messages to it are dropped. */
  congestedBytes: number;
  /** The same towards a person: live values are of the moment. */
  congestedBytesOfPerson: number;
  frozen: FrozenLimits;
  credentialsCached: number;
}
