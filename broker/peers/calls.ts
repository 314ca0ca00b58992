import * as z from "zod";
import type { CodedError } from "../../devices/index.ts";
import { brokerError } from "../errors.ts";
import type { Envelope } from "./messages.ts";
import { fromWireError } from "./wire-error.ts";

export interface Answers<Answer> {
  /** Of those who had something to say. */
  answers: Answer[];
  /** What others could not do, or answered in a way that nobody understands. */
  refusals: CodedError[];
  /** How many have been asked and have not answered in time. */
  silent: number;
}

export interface CallOptions<Answer> {
  answer: z.ZodType<Answer>;
  deadlineMs: number;
  /** Nobody else need be waited for; default: everybody is. */
  isEnough?(answer: Answer): boolean;
}

/** Callers in this process that wait at a time; each costs a few KB. */
export const callsMax = 1_024;

interface Waiting {
  take(message: Extract<Envelope, { kind: "answer" | "refusal" }>): void;
  end(): void;
}

/** Calls of this process that others have not answered yet. */
export class Calls {
  readonly #waiting = new Map<number, Waiting>();
  #lastCall = 0;

  /** `send` answers how many it has reached; what it rejects with, the call rejects with. */
  async open<Answer>(
    send: (call: number) => Promise<number>,
    options: CallOptions<Answer>,
  ): Promise<Answers<Answer>> {
    if (this.#waiting.size >= callsMax) {
      const message = `More than ${callsMax} calls wait for other processes: try again.`;
      throw brokerError("BROKER_PEERS_UNAVAILABLE", { message });
    }
    const call = (this.#lastCall += 1);
    const gathered = gather(options);
    this.#waiting.set(call, gathered);
    const timer = setTimeout(() => gathered.end(), options.deadlineMs);
    try {
      // An answer may be here before we hear how many there will be.
      gathered.expect(await send(call));
      return await gathered.result;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(call);
    }
  }

  take(message: Extract<Envelope, { kind: "answer" | "refusal" }>): void {
    this.#waiting.get(message.call)?.take(message);
  }

  /** Nobody answers any more. */
  end(): void {
    for (const waiting of this.#waiting.values()) waiting.end();
  }
}

function gather<Answer>(options: CallOptions<Answer>) {
  const { promise: result, resolve } = Promise.withResolvers<Answers<Answer>>();
  const answers: Answer[] = [];
  const refusals: CodedError[] = [];
  let heard = 0;
  let expected: number | null = null;
  const end = (): void => {
    resolve({ answers, refusals, silent: Math.max(0, (expected ?? heard) - heard) });
  };
  const review = (): void => {
    const last = answers.at(-1);
    const hasEnough = last !== undefined && options.isEnough?.(last) === true;
    if (hasEnough || (expected !== null && heard >= expected)) end();
  };
  return {
    result,
    end,
    expect(count: number): void {
      expected = count;
      review();
    },
    take(message: Extract<Envelope, { kind: "answer" | "refusal" }>): void {
      heard += 1;
      if (message.kind === "refusal") refusals.push(fromWireError(message.error));
      // `null`: it has nothing to do with it.
      else if (message.body !== null) {
        const checked = options.answer.safeParse(message.body);
        if (checked.success) answers.push(checked.data);
        else refusals.push(unreadable(checked.error));
      }
      review();
    },
  };
}

function unreadable(error: z.ZodError): CodedError {
  const message = `Another process has answered what can't be read: ${z.prettifyError(error)}`;
  return brokerError("BROKER_PEER_FAILED", { message });
}
