import { expect, test } from "vitest";
import { isTooOld, judgeServer, parseInfo } from "../../../../broker/journal/redis/durability.ts";

const durable = {
  redis_version: "7.0.15",
  run_id: "0123",
  aof_enabled: "1",
  maxmemory_policy: "noeviction",
};
const always = { appendfsync: "always", "no-appendfsync-on-rewrite": "no" };

function judge(info: Record<string, string>, config: Record<string, string> | null) {
  const fields = new Map(Object.entries({ ...durable, ...info }));
  return judgeServer(fields, config === null ? null : new Map(Object.entries(config)));
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

test("what is older than scripts with flags is too old", () => {
  expect(isTooOld(judge({ redis_version: "6.2.9" }, always))).toBe(true);
  expect(isTooOld(judge({ redis_version: "7.0.0" }, always))).toBe(false);
});

test("INFO is read by lines, with values that hold colons", () => {
  const info = parseInfo("# Server\r\nredis_version:7.0.15\r\nexecutable:/a:b\r\n\r\n");
  expect([...info]).toEqual([
    ["redis_version", "7.0.15"],
    ["executable", "/a:b"],
  ]);
});
