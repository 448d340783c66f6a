-- What a lane remembers goes in together with its fence.
-- KEYS: the lane. ARGV: fence as known ('?': not known), next fence; fields and values.
-- Answers the fence as it stands: the next one if all went well, now or before.
local fence = redis.call('HGET', KEYS[1], 'f') or ''
if ARGV[1] == '?' or fence ~= ARGV[1] or ARGV[1] == ARGV[2] then return fence end
-- Lua passes 8,000 values at most. More of them, of a batch of thousands of posts, take several commands;
-- the fence goes with the last.
local first = 3
while #ARGV - first >= 7000 do
  redis.call('HSET', KEYS[1], unpack(ARGV, first, first + 6999))
  first = first + 7000
end
redis.call('HSET', KEYS[1], 'f', ARGV[2], unpack(ARGV, first))
return ARGV[2]
