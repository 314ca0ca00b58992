#!lua flags=allow-oom
-- Where a partition stands. KEYS: journal, state, cursors · ARGV: 1 id, 2 the caller's name
-- Answers {"ok", next offset, first offset, cursor's name, its offset, …} or {"erased"}.
if redis.call("HGET", KEYS[1], "id") ~= ARGV[1] then return { "erased" } end
local state = redis.call("HMGET", KEYS[2], "next", "first")
if not state[1] then return { "erased" } end
-- A write, so that WAITAOF on this connection waits for all that stands there.
redis.call("HSET", KEYS[2], "seen", ARGV[2])
local answer = { "ok", state[1], state[2] }
local cursors = redis.call("HGETALL", KEYS[3])
for at = 1, #cursors do answer[at + 3] = cursors[at] end
return answer
