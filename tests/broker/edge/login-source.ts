import { createHash } from "node:crypto";
import type { DeviceLogin, DeviceSecret, RegistryChange } from "../../../devices/registry/model.ts";
import type { LoginSource } from "../../../broker/ports.ts";

export function hashOf(secret: string): Uint8Array {
  return createHash("sha256").update(secret).digest();
}

export function login(
  deviceId: string,
  secrets: readonly DeviceSecret[] = [{ sha256: hashOf("secret"), expiresAtMs: null }],
): DeviceLogin {
  return { sppgId: "sppg-1", deviceId, codec: null, enabled: true, secrets };
}

/** A registry in memory whose answers a test can hold back, refuse and change. */
export class TestLogins implements LoginSource {
  readonly logins = new Map<string, DeviceLogin>();
  /** What was asked, e.g. `sppg-1.probe-1`. */
  readonly asked: string[] = [];
  /** While set, whoever asks gets this error. */
  failure: Error | null = null;
  changeSeq = 0;
  isReadable = true;
  readonly #listeners = new Set<(change: RegistryChange) => void>();
  #gate: PromiseWithResolvers<void> | null = null;
  #onAsked: (() => void) | null = null;

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** The answer is taken when it is asked, and given when the test lets it go. */
  async findDeviceLogin(sppgId: string, deviceId: string): Promise<DeviceLogin | null> {
    const name = `${sppgId}.${deviceId}`;
    const answer = this.logins.get(name) ?? null;
    const { failure } = this;
    this.asked.push(name);
    this.#onAsked?.();
    await this.#gate?.promise;
    if (failure !== null) throw failure;
    return answer;
  }

  onChange(listener: (change: RegistryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  holdBack(): void {
    this.#gate = Promise.withResolvers();
  }

  /** Lets go whoever is held back; later ones are answered at once. */
  letGo(): void {
    this.#gate?.resolve();
    this.#gate = null;
  }

  /** Resolves when somebody asks. */
  async nextAsked(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onAsked = resolve;
    });
  }

  set(entry: DeviceLogin): void {
    this.logins.set(`${entry.sppgId}.${entry.deviceId}`, entry);
  }

  change(fields: Partial<RegistryChange>): void {
    const seq = ++this.changeSeq;
    const change = { seq, kind: "credential", sppgId: "sppg-1", subject: null, ...fields } as const;
    for (const listener of this.#listeners) listener(change);
  }
}
