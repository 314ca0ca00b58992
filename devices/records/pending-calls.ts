import { recordsError, type CodedError } from "./errors.ts";
import { fromWireError, type FromWorker } from "./rpc.ts";

/**
 * More calls than this in flight of one port are refused as retryable: 1,024 is a second of the
 * slowest calls (a commit with its sync takes about 1 ms), and each holds at most a few KB.
 */
export const recordsPendingCallsMax = 1_024;

export interface PendingCalls {
  readonly size: number;
  /** Sends by `send` and resolves with the answer; rejects at once when too many wait. */
  open(send: (id: number) => void): Promise<unknown>;
  settle(message: FromWorker): void;
  rejectAll(error: CodedError): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export function createPendingCalls(): PendingCalls {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  return {
    get size() {
      return waiting.size;
    },
    open(send) {
      if (waiting.size >= recordsPendingCallsMax) return Promise.reject(tooMany());
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      try {
        send(id);
      } catch (error) {
        // An argument that can't be cloned never reaches the worker.
        waiting.delete(id);
        reject(error);
      }
      return promise;
    },
    settle(message) {
      if (message.kind !== "result" && message.kind !== "error") return;
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.kind === "result") call?.resolve(message.value);
      else call?.reject(fromWireError(message.error));
    },
    rejectAll(error) {
      for (const call of waiting.values()) call.reject(error);
      waiting.clear();
    },
  };
}

export function workerGone(cause: unknown): CodedError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return recordsError("RECORDS_WORKER_GONE", {
    message: `The records worker has ended${reason}: restart nadi.`,
    cause,
  });
}

function tooMany(): CodedError {
  return recordsError("RECORDS_BUSY", {
    message: `More than ${recordsPendingCallsMax} calls wait for the records worker: try again.`,
    facts: { pendingCallsMax: recordsPendingCallsMax },
  });
}
