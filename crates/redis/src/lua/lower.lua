-- Takes a subject off a list, unless somebody put it there anew since. KEYS: the list. ARGV: subject, how often
-- it had been put there.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
