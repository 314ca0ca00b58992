import { CodedError, type ErrorFacts } from "../../devices/index.ts";

const refused = { class: "conflict", status: 409, retryable: false } as const;
const input = { class: "input", status: 422, retryable: false } as const;
const internal = { class: "internal", status: 500, retryable: false } as const;

export const backupErrors = {
  /** Records or journal lie in another engine, whose own tools back it up. */
  BACKUP_ELSEWHERE: input,
  /** The data folder holds nothing to back up. */
  BACKUP_NOTHING_THERE: input,
  /** The folder for the backup holds something, or lies in the data folder. */
  BACKUP_TARGET_REFUSED: refused,
  BACKUP_NO_SPACE: { class: "unavailable", status: 507, retryable: true },
  /** A signal has stopped it; what it had written is gone. */
  BACKUP_STOPPED: { class: "unavailable", status: 503, retryable: true },
  /** A file of the data folder can't be read. */
  BACKUP_SOURCE_UNREADABLE: internal,
  /** Journal and records do not fit together. */
  BACKUP_INCONSISTENT: internal,
  /** The folder holds no backup, or one that did not come to its end. */
  BACKUP_INCOMPLETE: input,
  /** A file of the backup is not what was written. */
  BACKUP_DAMAGED: input,
  /** A newer version has written it. */
  BACKUP_NEWER_THAN_CODE: input,
  /** The data folder is not empty. */
  BACKUP_RESTORE_REFUSED: refused,
} as const satisfies Record<string, ErrorFacts>;

export type BackupErrorCode = keyof typeof backupErrors;

/** @param message a sentence that says what to do */
export function backupError(
  code: BackupErrorCode,
  message: string,
  options: Omit<ConstructorParameters<typeof CodedError>[2], "message"> = {},
): CodedError {
  return new CodedError(code, backupErrors[code], { message, ...options });
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
