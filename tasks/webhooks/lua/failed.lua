-- A delivery was not taken. ARGV: id, why, seconds until the next try, tries allowed, seconds a dead one is kept.
-- Returns 'again', 'dead', or 'gone' where another has delivered it or given it up.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
local id, why, wait, allowed, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local delivery = 'ocrq:delivery:' .. id
local host = redis.call('HGET', delivery, 'host')
if not host or not redis.call('ZSCORE', 'ocrq:outbox:' .. host, id) then return 'gone' end
redis.call('HSET', delivery, 'last', why)
if redis.call('HINCRBY', delivery, 'tries', 1) >= allowed then
  redis.call('ZREM', 'ocrq:outbox:' .. host, id)
  redis.call('ZADD', 'ocrq:dead_deliveries', now, id)
  redis.call('EXPIRE', delivery, ttl)
  return 'dead'
end
redis.call('ZADD', 'ocrq:outbox:' .. host, now + wait, id)
redis.call('ZADD', 'ocrq:outbox', 'LT', now + wait, host)
return 'again'
