import { hash, timingSafeEqual } from "node:crypto";
import { type DeviceLogin, parsePrincipal } from "../../devices/index.ts";
import type { LoginSource, PersonSession } from "../ports.ts";
import type { AddressGuard } from "./address-limits.ts";
import type { Connection } from "./connection.ts";
import type { CredentialCache } from "./credential-cache.ts";
import {
  type DevicePrincipal,
  devicePrincipal,
  mayPublish,
  type PersonPrincipal,
  personPrincipal,
} from "./principal.ts";

/** What a CONNECT shows of itself. */
export interface SignInRequest {
  clientId: string;
  userName: string | undefined;
  password: Buffer | undefined;
  willTopic: string | null;
}

export type SignInRefusal =
  | "registry-unreadable"
  | "too-many-failures"
  | "credentials"
  | "disabled"
  | "session-ended"
  | "client-id"
  | "will-topic";

export type SignInResult =
  | {
      isAccepted: true;
      principal: DevicePrincipal;
      /** What it was judged by. */
      login: DeviceLogin;
      /** `null`: signed in by certificate. */
      secretHash: Uint8Array | null;
      expiresAtMs: number | null;
    }
  | {
      isAccepted: false;
      refusal: SignInRefusal;
      /** The CONNACK's; `null` closes without one. */
      returnCode: 2 | 4 | 5 | null;
    };

/** The internal id is `{principal}:{client id}`; these characters can't be mistaken for it. */
const clientIdPattern = /^[A-Za-z0-9_.-]{0,128}$/;

function refuse(
  refusal: SignInRefusal,
  returnCode: 2 | 4 | 5 | null,
): Extract<SignInResult, { isAccepted: false }> {
  return { isAccepted: false, refusal, returnCode };
}

export type PersonSignInResult =
  | { isAccepted: true; principal: PersonPrincipal }
  | Extract<SignInResult, { isAccepted: false }>;

/** A person's cookie has been judged by the transport: user name and password say nothing here. */
export function signInPerson(
  person: PersonSession,
  request: Pick<SignInRequest, "clientId" | "willTopic">,
): PersonSignInResult {
  if (!clientIdPattern.test(request.clientId)) return refuse("client-id", 2);
  // What a will would say is the broker's own to say.
  if (request.willTopic !== null) return refuse("will-topic", 5);
  if (person.isEnded) return refuse("session-ended", null);
  return { isAccepted: true, principal: personPrincipal(person) };
}

/** The secret that the hash belongs to, if the device has it and it lives. */
export function findSecret(
  login: DeviceLogin,
  sha256: Uint8Array,
  nowMs: number,
): { expiresAtMs: number | null } | null {
  let found: { expiresAtMs: number | null } | null = null;
  for (const secret of login.secrets) {
    const isEqual =
      secret.sha256.length === sha256.length && timingSafeEqual(secret.sha256, sha256);
    const isAlive = secret.expiresAtMs === null || secret.expiresAtMs > nowMs;
    if (isEqual && isAlive) found = { expiresAtMs: secret.expiresAtMs };
  }
  return found;
}

export interface SignInContext {
  source: LoginSource;
  cache: CredentialCache;
  guard: AddressGuard<Connection>;
  /** Wall-clock and monotonic milliseconds. */
  clock: { wallMs(): number; monotonicMs(): number };
  /** Enters the connection in the index, so that a change from here on finds it. */
  register(sppgId: string, deviceId: string): void;
}

/**
 * Judges a CONNECT. One answer for an unknown device, a wrong secret and a revoked one: the return
 * code 4 or 5 tells nothing that the sender did not know [MQTT-3.1.4-2].
 */
export async function signIn(
  connection: Connection,
  request: SignInRequest,
  context: SignInContext,
): Promise<SignInResult> {
  const { certificateName, address } = connection.origin;
  if (!clientIdPattern.test(request.clientId)) return refuse("client-id", 2);
  const userName = request.userName ?? certificateName ?? "";
  const ids = parsePrincipal(userName);
  const isByCertificate = certificateName !== null && certificateName === userName;
  if (ids === null || (request.password === undefined && !isByCertificate)) {
    context.guard.countFailure(address, context.clock.monotonicMs());
    return refuse("credentials", 4);
  }
  // Neither refusal is an answer about the device: the socket is closed, and clients that stop
  // for good after a CONNACK with a code keep trying.
  if (!context.source.isReadable) return refuse("registry-unreadable", null);
  const known = context.cache.peek(ids.sppgId, ids.deviceId);
  if (known === undefined && !context.guard.mayTry(address, context.clock.monotonicMs())) {
    return refuse("too-many-failures", null);
  }
  context.register(ids.sppgId, ids.deviceId);
  let login: DeviceLogin | null;
  try {
    login = await context.cache.find(ids.sppgId, ids.deviceId);
  } catch {
    // The source has counted and logged why; here it only means "not now".
    return refuse("registry-unreadable", null);
  }
  return judge(login, { request, isByCertificate, address }, context);
}

function judge(
  login: DeviceLogin | null,
  attempt: { request: SignInRequest; isByCertificate: boolean; address: string },
  context: SignInContext,
): SignInResult {
  const { request, isByCertificate, address } = attempt;
  const secretHash = isByCertificate
    ? null
    : hash("sha256", request.password ?? Buffer.alloc(0), "buffer");
  const secret =
    login === null || secretHash === null
      ? null
      : findSecret(login, secretHash, context.clock.wallMs());
  if (login === null || (secret === null && !isByCertificate)) {
    context.guard.countFailure(address, context.clock.monotonicMs());
    return refuse("credentials", 4);
  }
  if (!login.enabled) {
    context.guard.countFailure(address, context.clock.monotonicMs());
    return refuse("disabled", 5);
  }
  const principal = devicePrincipal(login);
  if (request.willTopic !== null && !mayPublish(principal, request.willTopic)) {
    return refuse("will-topic", 5);
  }
  return {
    isAccepted: true,
    principal,
    login,
    secretHash,
    expiresAtMs: secret?.expiresAtMs ?? null,
  };
}
