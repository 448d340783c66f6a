-- A subject's journal grows by an entry together with the fence of the lane that it comes from; and what the
-- caller does not know of the journal is answered.
-- One HSET does it, as everywhere in these scripts: what takes several commands stands in Redis's file as a
-- transaction, and when that file is torn within one, Redis mends it in a way that spoils the next.
-- KEYS: the subject. ARGV: lane ('': no fence), fence that the caller knows, first position, next position,
-- when the first and the last record came ('': nobody needs to know) and where it cut ('': not
-- at all), entry ('': none), how many entries the caller knows ('-1': nothing) and the stamp of the last; fields that
-- it wants if it knows nothing.
local key, entry = KEYS[1], ARGV[8]
local root = redis.call('HMGET', key, 'base', 'next', 'stamp', 'l' .. ARGV[1], 'anew', 'held')
local base, count, fence = tonumber(root[1] or 0), tonumber(root[2] or 0), tonumber(root[4] or 0)
local others = count - 1
if ARGV[1] ~= '' then
  if fence < tonumber(ARGV[2]) then return {'lost', fence} end
  if fence > tonumber(ARGV[3]) then return {'again', fence} end
  local function parts(at)
    return at ~= '' and tonumber(ARGV[5]) < tonumber(at) and tonumber(at) <= tonumber(ARGV[6])
  end
  local anew, held = root[5] or '', root[6] or ''
  if ARGV[5] ~= '' and (parts(anew) or (held ~= ARGV[7] and parts(held))) then return {'cut', anew, held} end
  redis.call('HSET', key, 'l' .. ARGV[1], ARGV[4], 'next', count + 1, 'e' .. count, entry)
elseif entry ~= '' then
  redis.call('HSET', key, 'next', count + 1, 'e' .. count, entry)
end
local function entries(first, last)
  local names = {}
  for i = first, last do names[#names + 1] = 'e' .. i end
  if #names == 0 then return names end
  return redis.call('HMGET', key, unpack(names))
end
local known, stamp = tonumber(ARGV[9]), nil
if known < 0 then
  local marks = redis.call('HMGET', key, 'first', 'marks')
  return {
    'whole', base, root[3] or '', marks[1] or '', marks[2] or '', root[5] or '', root[6] or '',
    entries(base, others), redis.call('HMGET', key, unpack(ARGV, 11)),
  }
elseif known == base then
  stamp = root[3] or ''
elseif known > base and known <= count then
  stamp = string.sub(redis.call('HGET', key, 'e' .. (known - 1)), -8)
end
if stamp ~= ARGV[10] then return {'stale'} end
return {'more', base, entries(known, others)}
