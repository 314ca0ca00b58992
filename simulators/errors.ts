/** What can go wrong in a simulator; a code never changes its meaning. */
export const simulatorsErrors = {
  /** The broker answered CONNECT with a return code above 0. */
  SIMULATORS_LOGIN_REFUSED: { class: "input", retryable: false },
  /** The broker did not accept the connection, or closed it before CONNACK. */
  SIMULATORS_BROKER_UNAVAILABLE: { class: "unavailable", retryable: true },
  /** The credentials file is missing, not JSON, or not a list of devices. */
  SIMULATORS_CREDENTIALS_INVALID: { class: "input", retryable: false },
  /** More connections were asked for than this process may open files. */
  SIMULATORS_OPEN_FILES_LIMIT: { class: "input", retryable: false },
  /** A scenario is unknown, not JSON, or not of its form. */
  SIMULATORS_SCENARIO_INVALID: { class: "input", retryable: false },
  /** No secret for a simulated device, and nobody to ask for one. */
  SIMULATORS_CREDENTIALS_MISSING: { class: "input", retryable: false },
  /** The file that keeps the demo's day is not of its form. */
  SIMULATORS_DEMO_DAY_INVALID: { class: "input", retryable: false },
  /** The process that carries the demo has ended by itself. */
  SIMULATORS_DEMO_ENDED: { class: "unavailable", retryable: true },
  /** An option is missing or out of its range. */
  SIMULATORS_OPTION_INVALID: { class: "input", retryable: false },
} as const;

export type SimulatorsErrorCode = keyof typeof simulatorsErrors;

export class SimulatorsError extends Error {
  readonly code: SimulatorsErrorCode;
  readonly retryable: boolean;

  constructor(code: SimulatorsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SimulatorsError";
    this.code = code;
    this.retryable = simulatorsErrors[code].retryable;
  }
}
