import type { Scope } from "../support/nadi-process.ts";

type CleanUp = () => void | Promise<void>;

/** What the bench has started and left on disk; `close` takes it away, the last first. */
export interface BenchScope extends Scope {
  /** Idempotent. */
  close(): Promise<void>;
}

/** Not closed yet: what an end from outside must take away. */
const openScopes = new Set<BenchScope>();

export function openScope(): BenchScope {
  const cleanUps: CleanUp[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    for (let next = cleanUps.pop(); next !== undefined; next = cleanUps.pop()) await next();
    openScopes.delete(scope);
  };
  const scope: BenchScope = {
    onTestFinished(cleanUp) {
      // Started by a measurement that did not know yet that it is over.
      if (closing !== undefined) void cleanUp();
      else cleanUps.push(cleanUp);
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
  openScopes.add(scope);
  return scope;
}

export async function inScope<Result>(work: (scope: Scope) => Promise<Result>): Promise<Result> {
  const scope = openScope();
  try {
    return await work(scope);
  } finally {
    await scope.close();
  }
}

/** For Ctrl-C: ends every process that the bench has started, by its id, and removes folders. */
export async function closeAllScopes(): Promise<void> {
  await Promise.all([...openScopes].map((scope) => scope.close()));
}
