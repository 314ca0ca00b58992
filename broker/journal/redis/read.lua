#!lua flags=no-writes
-- Batches from an offset on, as many as fit. KEYS: journal, stream, state
-- ARGV: 1 id, 2 offset, 3 the last offset to read, 4 bytes at most; one batch is given whatever its size
-- Answers {"ok", last offset, time, clock step, change, batch, …} or {"erased"}.
if redis.call("HGET", KEYS[1], "id") ~= ARGV[1] then return { "erased" } end

-- What lies in a gap was never appended: see join.lua.
local gaps = {}
for from, to in string.gmatch(redis.call("HGET", KEYS[3], "gaps") or "", "(%d+)-(%d+)") do
  gaps[#gaps + 1] = { tonumber(from), tonumber(to) }
end
local function isInGap(offset)
  for _, gap in ipairs(gaps) do
    if offset >= gap[1] and offset < gap[2] then return true end
  end
  return false
end

local answer = { "ok" }
local bytes, bytesMax = 0, tonumber(ARGV[4])
local from, count = ARGV[2], 4
while true do
  local found = redis.call("XRANGE", KEYS[2], from, ARGV[3], "COUNT", count)
  for _, entry in ipairs(found) do
    local last, fields = string.match(entry[1], "^%d+"), entry[2]
    if not isInGap(tonumber(last)) then
      local size = #fields[8]
      if bytes > 0 and bytes + size > bytesMax then return answer end
      -- A batch without bytes does not exist.
      bytes = bytes + size
      local at = #answer
      answer[at + 1] = last
      answer[at + 2], answer[at + 3], answer[at + 4], answer[at + 5] =
        fields[2], fields[4], fields[6], fields[8]
    end
    from = "(" .. entry[1]
  end
  -- What is fetched in vain stays below what was asked for.
  if #found < count or bytes > bytesMax / 2 then return answer end
  count = math.min(count * 2, 64)
end
