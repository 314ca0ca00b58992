import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import { openRecords, type Records } from "../../devices/records/records.ts";
import type { Scope } from "./nadi-process.ts";
import { query } from "./postgres.ts";

/** Schemas by the path that the test gives: the same path again is the same one. */
const schemas = new Map<string, string>();

/** `true` in the project `postgres`, which runs these same files on PostgreSQL. */
export function isOnPostgres(): boolean {
  return inject("postgresUrl") !== undefined;
}

/** The records of a test, on the engine of the project that it runs in; they close with it. */
export async function openEngineRecords(
  scope: Scope,
  options: { path: string; busyTimeoutMs?: number },
): Promise<Records> {
  const url = await engineUrl(options.path);
  const records = await openRecords(url === undefined ? options : { url, connectionsMax: 4 });
  scope.onTestFinished(() => records.close());
  return records;
}

/** Property tests make a database a run, which takes PostgreSQL a hundred times as long. */
export function engineRuns(count: number): number {
  return isOnPostgres() ? Math.ceil(count / 10) : count;
}

/** What `NADI_DATABASE_URL` would be for the records at that path; `undefined` for SQLite. */
export async function engineUrl(path: string): Promise<string | undefined> {
  const server = inject("postgresUrl");
  if (server === undefined) return undefined;
  const known = path === ":memory:" ? undefined : schemas.get(path);
  if (known !== undefined) return known;
  const name = `t_${randomUUID().replaceAll("-", "")}`;
  // A schema is made in no time; a database would copy a thousand files.
  await query(server, `create schema ${name}`);
  const url = `${server}?options=-csearch_path%3D${name}`;
  if (path !== ":memory:") schemas.set(path, url);
  return url;
}
