import type { ErrorFacts } from "../errors.ts";
import { CodedError } from "../records/errors.ts";

export const cliErrors = {
  /** The command line is wrong: the message names the argument. */
  CLI_USAGE: { class: "input", status: 422, retryable: false },
  CLI_COMMAND_UNKNOWN: { class: "input", status: 404, retryable: false },
  /** The command's program is not installed here. */
  CLI_PROGRAM_MISSING: { class: "unavailable", status: 501, retryable: false },
} as const satisfies Record<string, ErrorFacts>;

/** The command line is wrong: exit code 2. */
export class UsageError extends CodedError {
  constructor(message: string, code: keyof typeof cliErrors = "CLI_USAGE") {
    super(code, cliErrors[code], { message });
    this.name = "UsageError";
  }
}
