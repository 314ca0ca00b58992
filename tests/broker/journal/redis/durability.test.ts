import { expect, test } from "vitest";
import {
  judgeServer,
  parseInfo,
  type SeenServer,
  whyUnusable,
} from "../../../../broker/journal/redis/durability.ts";

const durable = {
  redis_version: "7.0.15",
  run_id: "0123",
  aof_enabled: "1",
  maxmemory_policy: "noeviction",
};
const always = { appendfsync: "always", "no-appendfsync-on-rewrite": "no" };

function judge(
  info: Record<string, string>,
  config: Record<string, string> | null,
  before: SeenServer | null = null,
) {
  const fields = new Map(Object.entries({ ...durable, ...info }));
  return judgeServer(fields, config === null ? null : new Map(Object.entries(config)), before);
}

test("before 7.2 the promise rests on appendfsync always alone", () => {
  const facts = judge({}, always);
  expect(facts).toMatchObject({ problems: [], waitsForAof: false, runId: "0123" });
  expect(facts.durability.kind).toBe("always");
});

test.each([
  [{ aof_enabled: "0" }, always, "appendonly is no"],
  [{ maxmemory_policy: "volatile-lru" }, always, "maxmemory-policy is volatile-lru"],
  [{}, { ...always, appendfsync: "everysec" }, "appendfsync is everysec"],
  [{}, { ...always, "no-appendfsync-on-rewrite": "yes" }, "no-appendfsync-on-rewrite is yes"],
  [{}, null, "appendfsync can't be read"],
  [{ redis_version: "7.2.4", aof_enabled: "0" }, always, "appendonly is no"],
])("%j with %j is weak", (info, config, problem) => {
  const { durability, problems } = judge(info, config);
  expect(durability.kind).toBe("weak");
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

const firstFile = "its first file is not whole yet";
const rewriting = { aof_rewrites: "4", aof_rewrite_in_progress: "1", aof_base_size: "99" };
const off = { runId: "0123", rewritesWithoutAof: 3 };

test.each([
  ["under way", { ...rewriting, aof_base_size: "0" }, null],
  ["put off", { aof_base_size: "0", aof_rewrite_scheduled: "1" }, null],
  ["failed", { aof_base_size: "0", aof_last_bgrewrite_status: "err" }, null],
  ["under way, after an earlier file", rewriting, off],
  ["not begun, after an earlier file", { aof_rewrites: "3" }, off],
  ["failed, after an earlier file", { aof_rewrites: "4", aof_last_bgrewrite_status: "err" }, off],
])(
  "a file that was switched on, its first rewrite %s, holds nothing yet",
  (_case, info, before) => {
    const facts = judge(info, always, before);
    expect(facts.problems).toEqual([expect.stringContaining(firstFile)]);
    expect(facts.isPassing).toBe(true);
    // What does not pass is for an operator.
    const both = judge(info, { ...always, appendfsync: "everysec" }, before);
    expect(both.problems).toHaveLength(2);
    expect(both.isPassing).toBe(false);
  },
);

const whole = { runId: "0123", rewritesWithoutAof: null };
const small = { ...rewriting, aof_base_size: "0" };

test.each([
  ["a later rewrite", rewriting, null],
  ["a rewrite after an earlier life without a file", rewriting, { ...off, runId: "before" }],
  ["the first one when it has ended", { aof_rewrites: "4", aof_base_size: "99" }, off],
  ["what began with a file, of which nothing is rewritten", { aof_base_size: "0" }, null],
  ["its first rewrite, when it was seen before", small, whole],
])("no doubt about %s", (_case, info, before) => {
  const facts = judge(info, always, before);
  expect(facts).toMatchObject({ problems: [], isPassing: false, seen: whole });
});

test("without a preamble a file is as small before its first rewrite: no doubt either", () => {
  const facts = judge(small, { ...always, "aof-use-rdb-preamble": "no" });
  expect(facts).toMatchObject({ problems: [], isPassing: false, seen: whole });
});

test("of a server without a file the rewrites so far are remembered", () => {
  const facts = judge({ aof_enabled: "0", aof_rewrites: "3" }, always, whole);
  expect(facts).toMatchObject({ hasAof: false, seen: off });
});

test.each(["7.2.0", "7.4.1", "8.0.0", "10.0.0"])(
  "%s has WAITAOF, which is waited for",
  (version) => {
    const facts = judge({ redis_version: version }, always);
    expect(facts).toMatchObject({ problems: [], waitsForAof: true });
    expect(facts.durability.kind).toBe("waitaof");
  },
);

test.each([{ ...always, appendfsync: "everysec" }, { ...always, appendfsync: "no" }, null])(
  "WAITAOF is no word for a disk under %j, and is not waited for",
  (config) => {
    const facts = judge({ redis_version: "8.0.2" }, config);
    expect(facts).toMatchObject({ waitsForAof: false, durability: { kind: "weak" } });
  },
);

test("what is older than scripts with flags, or does not name its run, can't be used", () => {
  expect(whyUnusable(judge({ redis_version: "6.2.9" }, always))).toContain("6.2.9 is too old");
  expect(whyUnusable(judge({ run_id: "" }, always))).toContain("names no run_id");
  expect(whyUnusable(judge({ redis_version: "7.0.0" }, always))).toBeNull();
});

test("INFO is read by lines, with values that hold colons", () => {
  const info = parseInfo("# Server\r\nredis_version:7.0.15\r\nexecutable:/a:b\r\n\r\n");
  expect([...info]).toEqual([
    ["redis_version", "7.0.15"],
    ["executable", "/a:b"],
  ]);
});
