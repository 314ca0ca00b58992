import type { ErrorFacts } from "../errors.ts";
import { CodedError, type CodedErrorOptions, type ErrorDetails } from "../records/errors.ts";

export const registryErrors = {
  /** A value is not as it must be: `facts.field` names it. */
  REGISTRY_INPUT_INVALID: { class: "input", status: 422, retryable: false },
  REGISTRY_KITCHEN_EXISTS: { class: "conflict", status: 409, retryable: false },
  REGISTRY_KITCHEN_UNKNOWN: { class: "input", status: 404, retryable: false },
  REGISTRY_DEVICE_EXISTS: { class: "conflict", status: 409, retryable: false },
  REGISTRY_DEVICE_UNKNOWN: { class: "input", status: 404, retryable: false },
  /** The device was revoked: it gets no new secret before it is enabled. */
  REGISTRY_DEVICE_REVOKED: { class: "conflict", status: 409, retryable: false },
  /** The device is not revoked: there is nothing to enable. */
  REGISTRY_DEVICE_ENABLED: { class: "conflict", status: 409, retryable: false },
  /** Somebody else has changed the device since it was read. */
  REGISTRY_DEVICE_CONFLICT: { class: "conflict", status: 409, retryable: false },
  REGISTRY_GATEWAY_UNKNOWN: { class: "input", status: 404, retryable: false },
  REGISTRY_USER_EXISTS: { class: "conflict", status: 409, retryable: false },
  REGISTRY_USER_UNKNOWN: { class: "input", status: 404, retryable: false },
  /** The only operator who may sign in: somebody must be able to let others in. */
  REGISTRY_OPERATOR_LAST: { class: "conflict", status: 409, retryable: false },
  /** Somebody else has changed it: `facts.version` is the one in force. */
  REGISTRY_VERSION_STALE: { class: "conflict", status: 409, retryable: false },
  /** The change log no longer holds what was already delivered from it. */
  REGISTRY_CHANGE_LOG_REWOUND: { class: "internal", status: 500, retryable: false },
  /** The change log did not answer in time. */
  REGISTRY_CHANGE_LOG_SILENT: { class: "unavailable", status: 503, retryable: true },
} as const satisfies Record<string, ErrorFacts>;

export type RegistryErrorCode = keyof typeof registryErrors;

export class RegistryError extends CodedError {
  constructor(code: RegistryErrorCode, options: CodedErrorOptions) {
    super(code, registryErrors[code], options);
    this.name = "RegistryError";
  }
}

export function kitchenUnknown(sppgId: string): RegistryError {
  return new RegistryError("REGISTRY_KITCHEN_UNKNOWN", {
    message: `There is no kitchen ${sppgId}: add it with "nadi kitchen add ${sppgId}".`,
    facts: { sppgId },
  });
}

export function deviceUnknown(ids: { sppgId: string; deviceId: string }): RegistryError {
  return new RegistryError("REGISTRY_DEVICE_UNKNOWN", {
    message:
      `Kitchen ${ids.sppgId} has no device ${ids.deviceId}: ` +
      `see "nadi device list ${ids.sppgId}".`,
    facts: { sppgId: ids.sppgId, deviceId: ids.deviceId },
  });
}

export function deviceRevoked(device: { sppgId: string; deviceId: string }): RegistryError {
  const { sppgId, deviceId } = device;
  return new RegistryError("REGISTRY_DEVICE_REVOKED", {
    message:
      `Device ${deviceId} of kitchen ${sppgId} is revoked: ` +
      `"nadi device enable ${sppgId} ${deviceId}" admits it again, with a new secret.`,
    facts: { sppgId, deviceId },
  });
}

export function inputInvalid(message: string, facts: ErrorDetails): RegistryError {
  return new RegistryError("REGISTRY_INPUT_INVALID", { message, facts });
}

export function versionStale(what: string, version: number): RegistryError {
  return new RegistryError("REGISTRY_VERSION_STALE", {
    message: `${what} is at version ${version} by now: read it again.`,
    facts: { version },
  });
}

export function userUnknown(email: string): RegistryError {
  return new RegistryError("REGISTRY_USER_UNKNOWN", {
    message: `There is no user ${email}: see "nadi user list".`,
    facts: { email },
  });
}
