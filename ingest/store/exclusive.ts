/** Runs tasks one after the other, in the order of the calls; a failed one stops nobody. */
export interface Exclusive {
  run<Result>(task: () => Promise<Result>): Promise<Result>;
}

export function createExclusive(): Exclusive {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      const result = tail.then(task);
      // Its caller hears of a failure; the next task waits for its end alone.
      tail = result.then(
        () => undefined,
        () => undefined,
      );
      return result;
    },
  };
}
