#!lua flags=no-writes
-- Batches from an offset on, as many as fit. KEYS: journal, stream
-- ARGV: 1 id, 2 offset, 3 the last offset to read, 4 bytes at most; one batch is given whatever its size
-- Answers {"ok", last offset, time, clock step, change, batch, …} or {"erased"}.
if redis.call("HGET", KEYS[1], "id") ~= ARGV[1] then return { "erased" } end
local answer = { "ok" }
local bytes, bytesMax = 0, tonumber(ARGV[4])
local from, count = ARGV[2], 4
while true do
  local found = redis.call("XRANGE", KEYS[2], from, ARGV[3], "COUNT", count)
  for _, entry in ipairs(found) do
    local fields = entry[2]
    local size = #fields[8]
    if bytes > 0 and bytes + size > bytesMax then return answer end
    -- A batch without bytes does not exist.
    bytes = bytes + size
    local at = #answer
    answer[at + 1] = string.match(entry[1], "^%d+")
    answer[at + 2], answer[at + 3], answer[at + 4], answer[at + 5] =
      fields[2], fields[4], fields[6], fields[8]
    from = "(" .. entry[1]
  end
  -- What is fetched in vain stays below what was asked for.
  if #found < count or bytes > bytesMax / 2 then return answer end
  count = math.min(count * 2, 64)
end
