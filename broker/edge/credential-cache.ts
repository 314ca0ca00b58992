import { type DeviceLogin, formatPrincipal, type RegistryChange } from "../../devices/index.ts";
import type { LoginSource } from "../ports.ts";

interface CacheEntry {
  login: DeviceLogin | null;
}

/**
 * Logins by principal, bounded, emptied by changes. A storm of reconnects costs the records worker
 * one look-up a device. What was asked before a change and answered after it is asked again.
 */
export class CredentialCache {
  readonly #source: LoginSource;
  readonly #entriesMax: number;
  // A Map, because the keys come from the wire; insertion order makes it least recently used.
  readonly #entries = new Map<string, CacheEntry>();
  readonly #asking = new Map<string, Promise<DeviceLogin | null>>();
  /** Names that have changed while they are being asked. */
  readonly #outdated = new Set<string>();

  constructor(source: LoginSource, entriesMax: number) {
    this.#source = source;
    this.#entriesMax = entriesMax;
  }

  /** The login if it is in memory, else `undefined`. */
  peek(sppgId: string, deviceId: string): DeviceLogin | null | undefined {
    return this.#entries.get(formatPrincipal(sppgId, deviceId))?.login;
  }

  /** The login as of now; rejects when the registry can't be read. */
  async find(sppgId: string, deviceId: string): Promise<DeviceLogin | null> {
    const name = formatPrincipal(sppgId, deviceId);
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      this.#entries.delete(name);
      this.#entries.set(name, entry);
      return entry.login;
    }
    const asked = this.#asking.get(name);
    if (asked !== undefined) return await asked;
    const asking = this.#ask(name, { sppgId, deviceId });
    this.#asking.set(name, asking);
    try {
      return await asking;
    } finally {
      // For a source that has thrown before it could be entered.
      if (this.#asking.get(name) === asking) this.#asking.delete(name);
    }
  }

  /** A change makes what it is about unknown, and an answer that is on its way worthless. */
  apply(change: RegistryChange): void {
    if (change.sppgId !== null && change.subject !== null && change.kind !== "kitchen") {
      const name = formatPrincipal(change.sppgId, change.subject);
      this.#entries.delete(name);
      if (this.#asking.has(name)) this.#outdated.add(name);
      return;
    }
    const prefix = change.sppgId === null ? "" : `${change.sppgId}.`;
    for (const name of this.#entries.keys()) {
      if (name.startsWith(prefix)) this.#entries.delete(name);
    }
    for (const name of this.#asking.keys()) {
      if (name.startsWith(prefix)) this.#outdated.add(name);
    }
  }

  async #ask(name: string, ids: { sppgId: string; deviceId: string }): Promise<DeviceLogin | null> {
    let login: DeviceLogin | null;
    try {
      do {
        this.#outdated.delete(name);
        login = await this.#source.findDeviceLogin(ids.sppgId, ids.deviceId);
      } while (this.#outdated.has(name));
    } finally {
      // At once, so that nobody who comes after a change joins an answer from before it.
      this.#asking.delete(name);
      this.#outdated.delete(name);
    }
    if (this.#entries.size >= this.#entriesMax) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(name, { login });
    return login;
  }
}
