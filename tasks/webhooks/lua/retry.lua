-- Send a dead delivery again, with all its tries. ARGV: id, seconds it is kept. Returns 1, or 0 if it is not dead.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
local id, keep = ARGV[1], tonumber(ARGV[2])
local delivery = 'ocrq:delivery:' .. id
local host = redis.call('HGET', delivery, 'host')
if redis.call('ZREM', 'ocrq:dead_deliveries', id) == 0 or not host then return 0 end
redis.call('HSET', delivery, 'tries', 0)
redis.call('EXPIRE', delivery, keep)
redis.call('ZADD', 'ocrq:outbox:' .. host, now, id)
redis.call('ZADD', 'ocrq:outbox', 'LT', now, host)
return 1
