/**
 * What an answer of Redis promises.
 * - `always`: `appendfsync always`, checked at start, after each reconnect and at intervals.
 * - `waitaof`: the same from 7.2 on, where each batch waits for `WAITAOF` as well: a server that
 *   stops syncing between two checks acknowledges nothing.
 * - `weak`: less; only with `NADI_ACCEPT_WEAK_JOURNAL=yes`.
 */
export interface RedisDurability {
  readonly kind: "waitaof" | "always" | "weak";
  /** One sentence for `/readyz` and logs. */
  readonly detail: string;
}

/** What a server says of itself and of its settings. */
export interface ServerFacts {
  version: string;
  /** Changes each time it starts, and from server to server. */
  runId: string;
  durability: RedisDurability;
  /** Each setting that is too weak, with what it has to be; none unless `durability` is weak. */
  problems: readonly string[];
  hasAof: boolean;
  /** To be remembered until the next look. */
  seen: SeenServer | null;
  /** What is too weak passes by itself. */
  isPassing: boolean;
  /** Answers are to be waited for by `WAITAOF`. */
  waitsForAof: boolean;
}

/** What is remembered of a server, from look to look. */
export interface SeenServer {
  runId: string;
  /** Rewrites that it had begun when it wrote no file; `null`: it writes one that is whole. */
  rewritesWithoutAof: number | null;
}

/** Scripts with flags, by which a full Redis can still be trimmed. */
const oldestVersion = [7, 0] as const;
const waitAofVersion = [7, 2] as const;

/** The fields of `INFO`. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** Why the server can't be used at all, whatever its settings; `null`: it can. */
export function whyUnusable({ version, runId }: Pick<ServerFacts, "version" | "runId">) {
  if (!isAtLeast(version, oldestVersion)) {
    return `Redis ${version} is too old for the journal: 7.0 or newer is needed`;
  }
  // By it a new start is told from a new connection.
  if (runId === "") return "INFO of the journal's Redis names no run_id: connect to Redis itself";
  return null;
}

/**
 * @param info all default sections
 * @param config what `CONFIG GET` says, or `null` where it is forbidden
 * @param before what was remembered of the look before, or `null`
 */
export function judgeServer(
  info: ReadonlyMap<string, string>,
  config: ReadonlyMap<string, string> | null,
  before: SeenServer | null = null,
): ServerFacts {
  const version = info.get("redis_version") ?? "unknown";
  const hasWaitAof = isAtLeast(version, waitAofVersion);
  const problems: string[] = [];
  const hasAof = info.get("aof_enabled") === "1";
  const isFirstFileUnderWay = hasAof && awaitsFirstFile(info, { config, before });
  if (!hasAof) problems.push("appendonly is no (needed: yes)");
  if (isFirstFileUnderWay) {
    problems.push("appendonly was switched on while it ran, and its first file is not whole yet");
  }
  const policy = info.get("maxmemory_policy") ?? "unknown";
  if (policy !== "noeviction") {
    problems.push(`maxmemory-policy is ${policy} (needed: noeviction)`);
  }
  problems.push(...fsyncProblems(config));
  const waitsForAof = hasWaitAof && problems.length === 0;
  const runId = info.get("run_id") ?? "";
  const rewrites = Number(info.get("aof_rewrites"));
  const known = before?.runId === runId ? before : null;
  const withFile = isFirstFileUnderWay ? known : { runId, rewritesWithoutAof: null };
  return {
    version,
    runId,
    hasAof,
    seen: hasAof ? withFile : { runId, rewritesWithoutAof: rewrites },
    durability: describe(problems, waitsForAof),
    problems,
    isPassing: isFirstFileUnderWay && problems.length === 1,
    waitsForAof,
  };
}

/**
 * Switched on while it runs, a server writes a first file beside those that it starts from, and
 * until that is whole a crash loses what it has answered (7.0.15, 2026-12-01; WAITAOF waits).
 * INFO does not tell this from any other rewrite, except where nothing was rewritten before, or
 * to whom has seen the server without a file.
 */
function awaitsFirstFile(
  info: ReadonlyMap<string, string>,
  known: { config: ReadonlyMap<string, string> | null; before: SeenServer | null },
): boolean {
  const isRewritten =
    info.get("aof_rewrite_in_progress") !== "1" &&
    info.get("aof_rewrite_scheduled") !== "1" &&
    info.get("aof_last_bgrewrite_status") !== "err";
  const { config, before } = known;
  if (before !== null && before.runId === info.get("run_id")) {
    const { rewritesWithoutAof } = before;
    if (rewritesWithoutAof === null) return false;
    return !isRewritten || Number(info.get("aof_rewrites")) <= rewritesWithoutAof;
  }
  // Without the preamble a file of which nothing was rewritten yet is as small.
  const tells = config?.get("aof-use-rdb-preamble") !== "no";
  return tells && !isRewritten && info.get("aof_base_size") === "0";
}

/**
 * What an answer means is what these settings make of it. WAITAOF does not replace them: under
 * `everysec` Valkey 8.0.1 and 8.1.1 answer it before the sync (redis/redis#13793), Redis 8.0.2
 * also after one that has failed, at which under `always` all of them end; under `no` it is never
 * answered (strace, 2026-12-01).
 */
function fsyncProblems(config: ReadonlyMap<string, string> | null): string[] {
  if (config === null) return ["appendfsync can't be read (CONFIG GET is forbidden)"];
  const problems: string[] = [];
  const fsync = config.get("appendfsync") ?? "unknown";
  if (fsync !== "always") problems.push(`appendfsync is ${fsync} (needed: always)`);
  // Otherwise nothing is synced while the file is rewritten.
  const onRewrite = config.get("no-appendfsync-on-rewrite") ?? "unknown";
  if (onRewrite !== "no") problems.push(`no-appendfsync-on-rewrite is ${onRewrite} (needed: no)`);
  return problems;
}

function describe(problems: readonly string[], waitsForAof: boolean): RedisDurability {
  if (problems.length > 0) {
    const detail = `weak: Redis may lose what was acknowledged: ${problems.join("; ")}`;
    return { kind: "weak", detail };
  }
  return waitsForAof
    ? { kind: "waitaof", detail: "a PUBACK means appendfsync always, and WAITAOF has said so" }
    : { kind: "always", detail: "a PUBACK means Redis has answered under appendfsync always" };
}

function isAtLeast(version: string, wanted: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}
