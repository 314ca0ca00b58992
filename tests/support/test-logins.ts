import { createHash } from "node:crypto";
import type { LoginSource } from "../../broker/ports.ts";
import type {
  ChangeKind,
  CodecName,
  DeviceLogin,
  RegistryChange,
} from "../../devices/registry/model.ts";

export interface TestDevice {
  sppgId: string;
  deviceId: string;
  username: string;
  password: string;
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Logins in memory, whose answers a test can delay and whose changes it makes itself. */
export class TestLogins implements LoginSource {
  changeSeq = 0;
  isReadable = true;
  /** Awaited before each answer; the answer is what holds at its end, or at its start. */
  delay: (() => Promise<void>) | null = null;
  readsBeforeDelay = false;
  lookups = 0;
  readonly #logins = new Map<string, DeviceLogin>();
  readonly #listeners = new Set<(change: RegistryChange) => void>();

  /** Adds a device whose password is its name, unless the test gives one. */
  add(
    sppgId: string,
    deviceId: string,
    options: { codec?: CodecName; password?: string } = {},
  ): TestDevice {
    const username = `${sppgId}.${deviceId}`;
    const password = options.password ?? `secret of ${username}`;
    this.#logins.set(username, {
      sppgId,
      deviceId,
      codec: options.codec ?? null,
      enabled: true,
      secrets: [{ sha256: sha256(password), expiresAtMs: null }],
    });
    return { sppgId, deviceId, username, password };
  }

  /** Replaces a login (`null`: the device is gone) and tells, as the change log would. */
  change(
    device: TestDevice,
    update: Partial<DeviceLogin> | null,
    kind: ChangeKind = "device",
  ): void {
    const login = this.#logins.get(device.username);
    if (update === null) this.#logins.delete(device.username);
    else if (login !== undefined) this.#logins.set(device.username, { ...login, ...update });
    this.tell(kind, device.sppgId, kind === "kitchen" ? null : device.deviceId);
  }

  revoke(device: TestDevice): void {
    this.change(device, { enabled: false });
  }

  secret(password: string, expiresAtMs: number | null = null): DeviceLogin["secrets"][number] {
    return { sha256: sha256(password), expiresAtMs };
  }

  tell(kind: ChangeKind, sppgId: string | null, subject: string | null): void {
    this.changeSeq++;
    for (const listener of this.#listeners) {
      listener({ seq: this.changeSeq, kind, sppgId, subject });
    }
  }

  async findDeviceLogin(sppgId: string, deviceId: string): Promise<DeviceLogin | null> {
    this.lookups++;
    const read = (): DeviceLogin | null => this.#logins.get(`${sppgId}.${deviceId}`) ?? null;
    const early = read();
    await this.delay?.();
    return this.readsBeforeDelay ? early : read();
  }

  onChange(listener: (change: RegistryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
