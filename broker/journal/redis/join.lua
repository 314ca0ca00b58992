#!lua flags=allow-oom
-- Joins the journal, or founds it; makes offsets jump if Redis has started again.
-- KEYS: journal, then each partition's state
-- ARGV: 1 an id for a new journal, 2 format, 3 Redis' run id, 4 the id that was joined before or "",
--   5 "1" if a journal may be founded
-- Answers {"ok", id}, {"erased"}, {"partitions", stored} or {"format", stored}.
local journal = redis.call("HMGET", KEYS[1], "id", "partitions", "format", "run", "shift")
local partitions = #KEYS - 1
local id = journal[1]
if not id then
  if ARGV[5] ~= "1" then return { "erased" } end
  id = ARGV[1]
  redis.call("HSET", KEYS[1], "id", id, "partitions", partitions, "format", ARGV[2])
else
  if tonumber(journal[2]) ~= partitions then return { "partitions", journal[2] } end
  if journal[3] ~= ARGV[2] then return { "format", journal[3] } end
  if ARGV[4] ~= "" and ARGV[4] ~= id then return { "erased" } end
end

-- Offsets begin at the microseconds since 1970 and grow more slowly than these: also a journal that
-- begins anew gives none that an earlier one has given. Half of what a double holds, at most.
local now = redis.call("TIME")
local base = math.min(tonumber(now[1]) * 1000000 + tonumber(now[2]), 4503599627370496)
-- More than were ever appended between two syncs: those were shown to nobody, or lost.
local jump = 10000000
local isRestart = journal[4] ~= ARGV[3]
for at = 2, #KEYS do
  local next = tonumber(redis.call("HGET", KEYS[at], "next"))
  if not next then
    if ARGV[5] ~= "1" then return { "erased" } end
    redis.call("HSET", KEYS[at], "next", string.format("%.0f", base), "first",
      string.format("%.0f", base), "change", "0", "shift", journal[5] or "0")
  elseif isRestart then
    redis.call("HSET", KEYS[at], "next", string.format("%.0f", math.max(next + jump, base)))
  end
end
if isRestart then redis.call("HSET", KEYS[1], "run", ARGV[3]) end
return { "ok", id }
