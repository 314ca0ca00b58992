import type * as z from "zod/mini";
import {
  type RouteAnswer,
  type RouteFacts,
  type RouteName,
  routes,
  type routeSchemas,
} from "../../contract/index.ts";
import { ApiError } from "./api-error.ts";

/** What a caller gives: the schemas' input, where numbers may stand for their text. */
type Given<Name extends RouteName, Key extends string> = (typeof routeSchemas)[Name] extends {
  readonly [K in Key]: infer Schema extends z.ZodMiniType;
}
  ? { [K in Key]: Loose<Key, z.input<Schema>> }
  : unknown;
type Loose<Key, Value> = Key extends "query" ? { [K in keyof Value]: Value[K] | number } : Value;

export type CallInput<Name extends RouteName> = Given<Name, "params"> &
  Given<Name, "query"> &
  Given<Name, "body"> & {
    signal?: AbortSignal;
    /** Makes a POST that is sent again, e.g. after a lost answer, the same one. */
    idempotencyKey?: string;
  };

export type Call = <Name extends RouteName>(
  route: Name,
  input: CallInput<Name>,
) => Promise<RouteAnswer<Name>>;

export interface CallOptions {
  /** Empty for a page: its own origin. */
  baseUrl?: string;
  fetch?: typeof globalThis.fetch;
  /** Any answer that says that nobody is signed in any more; not a refused sign-in. */
  onSignedOut?: () => void;
}

/** Longer than the server takes for anything; what hangs longer has no link. */
const answerMsMax = 15_000;

interface LooseInput {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  signal?: AbortSignal;
  idempotencyKey?: string;
}

/** @returns calls of the contract's routes; each rejects with an `ApiError`. */
export function createCall(options: CallOptions = {}): Call {
  const { baseUrl = "", fetch = globalThis.fetch.bind(globalThis), onSignedOut } = options;
  const call = async (route: RouteName, input: LooseInput): Promise<unknown> => {
    const facts: RouteFacts = routes[route];
    const response = await reach(fetch, `${baseUrl}${addressOf(route, input)}`, {
      method: facts.method,
      credentials: "same-origin",
      signal: withTimeout(input.signal),
      ...(input.body === undefined
        ? {}
        : {
            headers: headersOf(input),
            body: JSON.stringify(input.body),
          }),
    });
    if (response.ok) return response.status === 204 ? undefined : readJson(response);
    const error = await readProblem(response);
    if (error.code === "DASHBOARD_SESSION_MISSING") onSignedOut?.();
    throw error;
  };
  // One place where the route's own types are put over what is the same code for all.
  return call as Call;
}

function headersOf({ idempotencyKey: key }: LooseInput): Record<string, string> {
  const json = { "content-type": "application/json" };
  return key === undefined ? json : { ...json, "idempotency-key": key };
}

/** The path and query of a route, also for a link to a file. */
export function addressOf(route: RouteName, { params = {}, query = {} }: LooseInput): string {
  const path = routes[route].path.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
    encodeURIComponent(params[name] ?? ""),
  );
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

async function reach(fetch: typeof globalThis.fetch, address: string, init: RequestInit) {
  try {
    return await fetch(address, init);
  } catch (cause) {
    // The caller has gone: nobody is to be told of an outage.
    if (init.signal?.aborted === true && !isTimeout(init.signal.reason)) throw cause;
    throw new ApiError({ code: "WEB_UNREACHABLE", status: 0, message: "no answer" }, { cause });
  }
}

function withTimeout(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(answerMsMax);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    const facts = { code: "WEB_ANSWER_UNREADABLE", status: response.status };
    throw new ApiError({ ...facts, message: "the answer is no JSON" }, { cause });
  }
}

async function readProblem(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const facts = {
    status: response.status,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
  };
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("application/problem+json")) {
    // A proxy answers in its own words.
    const message = `status ${response.status} without a problem document`;
    return new ApiError({ ...facts, code: "WEB_ANSWER_UNREADABLE", message });
  }
  const { code, title, detail, issues } = (await readJson(response)) as {
    code: string;
    title: string;
    detail?: string;
    issues?: { path: string; message: string }[];
  };
  const told = { ...facts, code, message: detail ?? title };
  return new ApiError(issues === undefined ? told : { ...told, issues });
}
