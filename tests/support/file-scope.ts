import { afterAll } from "vitest";
import type { Scope } from "./nadi-process.ts";

/** What lasts for a whole test file; taken away behind its last test, the last first. */
export function fileScope(): Scope {
  const cleanUps: (() => void | Promise<void>)[] = [];
  afterAll(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });
  return { onTestFinished: (cleanUp) => void cleanUps.push(cleanUp) };
}
