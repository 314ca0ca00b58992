#!lua flags=allow-oom
-- Moves a cursor forward and trims below the lowest: also in a full Redis, which frees it.
-- KEYS: journal, state, cursors, stream · ARGV: 1 id, 2 cursor's name, 3 its next offset
-- Answers {"ok", first offset}, {"back", where it stands}, {"beyond", next offset} or {"erased"}.
if redis.call("HGET", KEYS[1], "id") ~= ARGV[1] then return { "erased" } end
local state = redis.call("HMGET", KEYS[2], "next", "first")
if not state[1] then return { "erased" } end
local offset = tonumber(ARGV[3])
local before = redis.call("HGET", KEYS[3], ARGV[2])
if before and offset < tonumber(before) then return { "back", before } end
if offset > tonumber(state[1]) then return { "beyond", state[1] } end
redis.call("HSET", KEYS[3], ARGV[2], ARGV[3])
local lowest = offset
for _, other in ipairs(redis.call("HVALS", KEYS[3])) do
  lowest = math.min(lowest, tonumber(other))
end
local first = tonumber(state[2])
if lowest > first then
  first = lowest
  local text = string.format("%.0f", lowest)
  -- A batch is named by its last offset: what is left holds the cursor or lies behind it.
  redis.call("XTRIM", KEYS[4], "MINID", "=", text)
  redis.call("HSET", KEYS[2], "first", text)
end
return { "ok", string.format("%.0f", first) }
