#!lua flags=allow-oom
-- Joins the journal, or founds it; makes offsets jump if Redis has started again.
-- KEYS: journal, producers, then for each partition its state and its cursors
-- ARGV: 1 an id for a new journal, 2 format, 3 Redis' run id, 4 the id that was joined before or "",
--   5 "1" if a journal may be founded
-- Answers {"ok", id, "rewrite" or ""}, {"erased"}, {"partitions", stored} or {"format", stored};
-- "rewrite": Redis' file may hold what no start must run.
local journal = redis.call("HMGET", KEYS[1], "id", "partitions", "format", "run", "time", "clock",
  "shift")
local partitions = (#KEYS - 2) / 2
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

local function text(number) return string.format("%.0f", number) end

-- Offsets begin at the microseconds since 1970 and grow more slowly than these: also a journal that
-- begins anew gives none that an earlier one has given. Half of what a double holds, at most.
local now = redis.call("TIME")
local base = math.min(tonumber(now[1]) * 1000000 + tonumber(now[2]), 4503599627370496)
-- More than were ever appended between two syncs: those were shown to nobody, or lost.
local jump = 10000000
local isRestart = journal[4] ~= ARGV[3]
-- A version that sealed nothing has been here.
local isOld = false

-- What a crash has cut off within a transaction was not run by this start, but it may stand in
-- Redis' file, and the next start then runs it, just before what is written here (README.md). So
-- all that it can have written is written again, and what it appended lies in a gap, which nobody
-- reads.
local function seal(key, found)
  local next, first = tonumber(found[1]), tonumber(found[2])
  local after = math.max(next + jump, base)
  local gaps, from = {}, text(next)
  for start, stop in string.gmatch(found[5] or "", "(%d+)-(%d+)") do
    -- Nothing was appended since the last start: one gap.
    if stop == from then from = start
    elseif tonumber(stop) > first then gaps[#gaps + 1] = start .. "-" .. stop end
  end
  gaps[#gaps + 1] = from .. "-" .. text(after)
  redis.call("HSET", key, "next", text(after), "first", found[2], "change", found[3] or "0",
    "shift", found[4] or "0", "gaps", table.concat(gaps, " "))
end

local function writeAgain(key)
  local fields = redis.call("HGETALL", key)
  -- To delete what is not there is not written into the file.
  redis.call("HSET", key, "void", "0 0")
  redis.call("DEL", key)
  for at = 1, #fields, 2 do redis.call("HSET", key, fields[at], fields[at + 1]) end
end

for at = 3, #KEYS, 2 do
  local found = redis.call("HMGET", KEYS[at], "next", "first", "change", "shift", "gaps")
  if not found[1] then
    if ARGV[5] ~= "1" then return { "erased" } end
    redis.call("HSET", KEYS[at], "next", text(base), "first", text(base), "change", "0",
      "shift", journal[7] or "0", "gaps", "")
  elseif isRestart then
    seal(KEYS[at], found)
    writeAgain(KEYS[at + 1])
  elseif not found[5] then
    isOld = true
    redis.call("HSET", KEYS[at], "gaps", "")
  end
end
if isRestart then
  redis.call("HSET", KEYS[1], "run", ARGV[3], "clock", journal[6] or "0", "shift", journal[7] or "0")
  if journal[5] then redis.call("HSET", KEYS[1], "time", journal[5]) end
  writeAgain(KEYS[2])
end
return { "ok", id, (isRestart and journal[4] or isOld) and "rewrite" or "" }
