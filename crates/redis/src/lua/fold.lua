-- The head of a subject's journal is folded into its hours and days, unless somebody did so before.
-- KEYS: the subject. ARGV: base, stamp there, how many entries are known, the last one's stamp; fields and
-- values, among them the new base and stamp.
local root = redis.call('HMGET', KEYS[1], 'base', 'stamp', 'e' .. (tonumber(ARGV[3]) - 1))
if (root[1] or '0') ~= ARGV[1] or (root[2] or '') ~= ARGV[2] then return 0 end
if ARGV[3] ~= ARGV[1] and string.sub(root[3] or '', -8) ~= ARGV[4] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
return 1
