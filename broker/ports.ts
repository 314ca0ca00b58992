import type { AuditEvent, DeviceLogin, RegistryChange } from "../devices/index.ts";

/** What the broker needs to know of the registry. `nadi.ts` hands in the records worker's. */
export interface LoginSource {
  findDeviceLogin(sppgId: string, deviceId: string): Promise<DeviceLogin | null>;
  /** The change that memory has followed up to. */
  readonly changeSeq: number;
  /** `false` while the change log can't be read: sockets stay, new logins are refused. */
  readonly isReadable: boolean;
  /** Hears each change once, in order, within a second of its commit; returns its removal. */
  onChange(listener: (change: RegistryChange) => void): () => void;
}

/**
 * A person's login session, as the check of its cookie has found it. The transport puts it into the
 * connection's origin; the rights are those of this moment: when they change, the session ends.
 */
export interface PersonSession {
  /** Names the session in logs; tells nothing of its token. */
  readonly sessionId: string;
  readonly userId: string;
  readonly kitchens: ReadonlySet<string> | "all";
  /** Of a screen that hangs on a wall, where anybody may read it; `null`: a person. */
  readonly screenName: string | null;
  /** `true`: it has ended, and `onEnd` would never call. */
  readonly isEnded: boolean;
  /** Hears the end, once, within a second; returns its removal. */
  onEnd(listener: () => void): () => void;
}

/** Where refusals and sign-ins go. Never blocks and never throws. */
export interface AuditSink {
  write(event: AuditEvent): void;
}

/** Knows nobody: for a run on which nobody signs in. */
export const noLogins: LoginSource = {
  findDeviceLogin: () => Promise.resolve(null),
  changeSeq: 0,
  isReadable: true,
  onChange: () => () => undefined,
};
