-- Incidents of a subject, each unless a later version of it is there.
-- KEYS: the subject's incidents. ARGV: id, version, value of each.
local newer = {}
for i = 1, #ARGV, 3 do
  local kept = redis.call('HGET', KEYS[1], ARGV[i])
  local version = kept and tonumber(string.match(kept, '^%d+')) or 0
  if version < tonumber(ARGV[i + 1]) then
    newer[#newer + 1] = ARGV[i]
    newer[#newer + 1] = ARGV[i + 2]
  end
end
if #newer > 0 then redis.call('HSET', KEYS[1], unpack(newer)) end
return 1
