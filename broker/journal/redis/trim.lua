#!lua flags=allow-oom
-- Takes away what lies below the first offset: also in a full Redis, which frees it. Not with the
-- commit that has moved it: cut off within a transaction, this would take away too much (join.lua).
-- KEYS: journal, state, stream · ARGV: 1 id, 2 run. Answers {"ok"}, {"erased"} or {"restarted"}.
local journal = redis.call("HMGET", KEYS[1], "id", "run")
if journal[1] ~= ARGV[1] then return { "erased" } end
if journal[2] ~= ARGV[2] then return { "restarted" } end
-- A batch is named by its last offset: what is left holds the cursor or lies behind it.
redis.call("XTRIM", KEYS[3], "MINID", "=", redis.call("HGET", KEYS[2], "first"))
return { "ok" }
