#!lua
-- Appends one round: a batch for each of its partitions, all of them or none.
-- KEYS: journal, producers, then for each partition its state and its stream
-- ARGV: 1 id, 2 run, 3 producer, 4 sequence, 5 clock generation, 6 and 7 the time that the producer
--   expects at least and at most (ms), 8 "ask" or the step that it has found (ms), 9 "1" to announce,
--   then for each partition: entries, change, "1" if a change entry is among them, batch
-- Answers {"ok", time, clock generation, first offset of each partition's entries}, or one word
-- that says why nothing was appended.
local journal = redis.call("HMGET", KEYS[1], "id", "run", "time", "clock", "shift")
if journal[1] ~= ARGV[1] then return { "erased" } end
-- Redis has started again, and what it lost is not known: whoever joins makes offsets jump first.
if journal[2] ~= ARGV[2] then return { "restarted" } end

local function text(number) return string.format("%.0f", number) end

local parts = (#KEYS - 2) / 2
local now = redis.call("TIME")
local time = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local last = tonumber(journal[3]) or time
local clock = tonumber(journal[4]) or 0
local shift = tonumber(journal[5]) or 0

-- The same round again: its first answer was lost. A late copy of an older one is void.
local known = redis.call("HGET", KEYS[2], ARGV[3])
-- The first offset of each of its batches that stands already.
local standing = {}
if known then
  local words = {}
  for word in string.gmatch(known, "%S+") do words[#words + 1] = tonumber(word) end
  local sequence = tonumber(ARGV[4])
  if words[1] > sequence then return { "stale" } end
  if words[1] == sequence then
    local answer, isWhole = { "known", time, clock }, true
    for part = 1, parts do
      local at, first = 9 + 4 * (part - 1), words[part + 2]
      local last = first + tonumber(ARGV[at + 1]) - 1
      local stream, id = KEYS[2 * part + 2], text(last) .. "-0"
      local found = redis.call("XRANGE", stream, id, id)[1]
      if found and found[2][8] ~= ARGV[at + 4] then
        -- A cut of the power has left a hole in what was not synced yet. The step or the change
        -- before it stays: what others have appended behind it relies on them.
        if found[2][4] == "0" and found[2][6] == "0" then redis.call("XDEL", stream, id) end
        found = nil
      end
      -- Or it is taken away, because every consumer has it.
      local isTaken = last < tonumber(redis.call("HGET", KEYS[2 * part + 1], "first") or 0)
      if found or isTaken then standing[part] = first else isWhole = false end
      answer[part + 3] = first
    end
    if isWhole then
      -- A write, so that WAITAOF on this connection waits for what stands there. Of nothing that
      -- counts: see commit.lua.
      redis.call("HSET", KEYS[3], "seen", ARGV[1])
      return answer
    end
  end
end

-- The clock was stepped if the producer's monotonic time and the last append both say so.
local isLeap = math.abs(time - last) > 1000
local isUnexpected = tonumber(ARGV[5]) == clock
  and (time < tonumber(ARGV[6]) or time > tonumber(ARGV[7]))
local step = 0
if isLeap and isUnexpected then
  -- Or this call has waited: the producer knows for how long.
  if ARGV[8] == "ask" then return { "clock", time } end
  step = tonumber(ARGV[8])
end
if step == 0 and time < last - 1000 then step = time - last end
if step == 0 then
  time = math.max(time, last)
else
  clock = clock + 1
  shift = shift + step
end

local nexts = {}
for part = 1, parts do
  local state = redis.call("HMGET", KEYS[2 * part + 1], "next", "change", "shift")
  if not state[1] then return { "erased" } end
  nexts[part] = state
end

local answer = { "ok", time, clock }
local words = { ARGV[4], text(time) }
-- Answers the first offset of its entries.
local function append(part)
  local at = 9 + 4 * (part - 1)
  local state, stream = KEYS[2 * part + 1], KEYS[2 * part + 2]
  local first = tonumber(nexts[part][1])
  local seen = tonumber(nexts[part][2]) or 0
  local change = tonumber(ARGV[at + 2])
  -- Entries that the journal itself puts before the batch.
  local clockStep = shift - (tonumber(nexts[part][3]) or 0)
  local ownChange = 0
  if change > seen then
    seen = change
    if ARGV[at + 3] ~= "1" then ownChange = change end
  end
  if clockStep ~= 0 then first = first + 1 end
  if ownChange ~= 0 then first = first + 1 end
  local next = first + tonumber(ARGV[at + 1])
  redis.call("XADD", stream, text(next - 1) .. "-0", "t", text(time), "k", text(clockStep),
    "c", text(ownChange), "b", ARGV[at + 4])
  redis.call("HSET", state, "next", text(next), "change", text(seen), "shift", text(shift))
  if ARGV[9] == "1" then redis.call("PUBLISH", stream .. ":appended", text(next - 1)) end
  return first
end

for part = 1, parts do
  local first = standing[part] or append(part)
  answer[part + 3] = first
  words[part + 2] = text(first)
end
redis.call("HSET", KEYS[1], "time", text(time), "clock", text(clock), "shift", text(shift))

-- Of a producer that has been silent for a day nothing can come again.
if not known and redis.call("HLEN", KEYS[2]) >= 256 then
  local all = redis.call("HGETALL", KEYS[2])
  for at = 1, #all, 2 do
    local silentSince = tonumber(string.match(all[at + 1], "^%S+ (%S+)"))
    if time - silentSince > 86400000 then redis.call("HDEL", KEYS[2], all[at]) end
  end
end
redis.call("HSET", KEYS[2], ARGV[3], table.concat(words, " "))
return answer
