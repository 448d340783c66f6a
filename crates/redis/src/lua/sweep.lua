-- Old fields of a lane go, if the lane still stands where who sweeps it left it. Whoever took it over may have filled
-- the same pages since; what is left to him he sweeps himself.
-- KEYS: the lane. ARGV: its fence; fields, 7,000 at most.
if (redis.call('HGET', KEYS[1], 'f') or '') == ARGV[1] then redis.call('HDEL', KEYS[1], unpack(ARGV, 2)) end
return 1
