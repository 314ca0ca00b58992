import type { RealtimeDomain } from "../../../devices/browser.ts";

/** Which kitchen a page is about. */
export interface KitchenScope {
  sppgId: string;
}

/** What can be watched live so far; documents are edited together later. */
export type LiveDomain = Exclude<RealtimeDomain, "collaboration">;

/** `code` decides what a page says; `detail` is for people who look for the cause. */
export interface RealtimeError {
  code: "signedOut" | "notFound" | "unavailable";
  detail: string;
}

/** What a page knows of a domain. It speaks of the connection; a sensor's freshness is data. */
export type Realtime<T> =
  /** The snapshot, once it is there. */
  | { state: "connecting"; data: T | null }
  | { state: "live"; data: T; receivedAtMs: number }
  /** The connection is lost: the newest that was heard, which is not the present. */
  | { state: "stale"; data: T; receivedAtMs: number }
  | { state: "failed"; error: RealtimeError };
