/**
 * What an answer of Redis promises.
 * - `waitaof`: each batch is answered after `WAITAOF` (7.2+): synced, whatever the settings.
 * - `always`: `appendfsync always`, checked at start, after each reconnect and at intervals.
 * - `weak`: neither; only with `NADI_ACCEPT_WEAK_JOURNAL=yes`.
 */
export interface RedisDurability {
  readonly kind: "waitaof" | "always" | "weak";
  /** One sentence for `/readyz` and logs. */
  readonly detail: string;
}
