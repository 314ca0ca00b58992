import { parsePrincipal, type RegistryChange } from "../../devices/index.ts";
import type { LoginSource } from "../ports.ts";
import type { CredentialCache } from "./credential-cache.ts";
import type { SessionStore } from "./session-store.ts";

/**
 * Ends the kept sessions of devices that are revoked while they are away: what was queued for one
 * must not reach whoever gets its name or its next secret. Connections are `Revocation`'s.
 */
export class AwaySessions {
  readonly #cache: CredentialCache;
  readonly #sessions: SessionStore;
  readonly #stopListening: () => void;
  /** Principals to judge: kept until the registry has answered. */
  readonly #doubtful = new Set<string>();

  constructor(options: { source: LoginSource; cache: CredentialCache; sessions: SessionStore }) {
    this.#cache = options.cache;
    this.#sessions = options.sessions;
    this.#stopListening = options.source.onChange((change) => this.#apply(change));
  }

  /** Judges who could not be judged before; call it now and then. */
  retry(): void {
    for (const name of this.#doubtful) void this.#judge(name);
  }

  stop(): void {
    this.#stopListening();
    this.#doubtful.clear();
  }

  #apply(change: RegistryChange): void {
    if (change.kind !== "device" && change.kind !== "kitchen") return;
    for (const name of this.#sessions.keptPrincipals()) {
      const ids = parsePrincipal(name);
      if (ids === null || (change.sppgId !== null && change.sppgId !== ids.sppgId)) continue;
      const isWhole = change.subject === null || change.kind === "kitchen";
      if (!isWhole && change.subject !== ids.deviceId) continue;
      this.#doubtful.add(name);
      void this.#judge(name);
    }
  }

  /** Never rejects. */
  async #judge(name: string): Promise<void> {
    const ids = parsePrincipal(name);
    if (ids === null) return;
    let login;
    try {
      login = await this.#cache.find(ids.sppgId, ids.deviceId);
    } catch {
      // The source has reported why; `retry` comes back to it.
      return;
    }
    if (this.#doubtful.delete(name) && login?.enabled !== true) {
      this.#sessions.discardPrincipal(name);
    }
  }
}
