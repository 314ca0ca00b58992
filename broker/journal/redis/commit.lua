#!lua flags=allow-oom
-- Moves a cursor forward, and the first offset with the lowest: also in a full Redis.
-- KEYS: journal, state, cursors · ARGV: 1 id, 2 run, 3 cursor's name, 4 its next offset
-- Answers {"ok", first offset, "trim" if it has moved}, {"back", where it stands},
-- {"beyond", next offset}, {"erased"}, or {"restarted"}: the first transaction that a started Redis
-- writes has to be a join's.
local journal = redis.call("HMGET", KEYS[1], "id", "run")
if journal[1] ~= ARGV[1] then return { "erased" } end
if journal[2] ~= ARGV[2] then return { "restarted" } end
local state = redis.call("HMGET", KEYS[2], "next", "first")
if not state[1] then return { "erased" } end
local offset = tonumber(ARGV[4])
local before = redis.call("HGET", KEYS[3], ARGV[3])
if before and offset < tonumber(before) then return { "back", before } end
if offset > tonumber(state[1]) then return { "beyond", state[1] } end
redis.call("HSET", KEYS[3], ARGV[3], ARGV[4])
local lowest = offset
for _, other in ipairs(redis.call("HVALS", KEYS[3])) do
  lowest = math.min(lowest, tonumber(other))
end
local first = math.max(lowest, tonumber(state[2]))
local text = string.format("%.0f", first)
-- Also where it stands already: two writes are a transaction. Of a single command Redis does not
-- see that a cut of the power has left zeros for its end, and would start with them in the cursor.
redis.call("HSET", KEYS[2], "first", text)
return { "ok", text, first > tonumber(state[2]) and "trim" or "" }
