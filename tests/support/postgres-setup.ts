import type { TestProject } from "vitest/node";
import { startPostgres } from "./postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Of a running cluster; only in the project `postgres`. */
    postgresUrl: string | undefined;
  }
}

/** One cluster for all files of the project `postgres`; each test makes a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cleanUps: (() => void | Promise<void>)[] = [];
  const server = await startPostgres({ onTestFinished: (cleanUp) => cleanUps.push(cleanUp) });
  project.provide("postgresUrl", server.url());
  return async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  };
}
