-- Take what is due, to be sent. ARGV: lease seconds, most of one host, most in all, what is being sent as JSON {host: n}.
-- Returns {{id, fields}, …}. What is taken comes due again when its lease ends, should its sender die.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6
local lease, per_host, most, busy = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])

-- Hosts looked at in one call; those that can take no more now stay in front, and are fewer than this.
local HOSTS = 100

local taken = {}
for _, host in ipairs(redis.call('ZRANGEBYSCORE', 'ocrq:outbox', '-inf', now, 'LIMIT', 0, HOSTS)) do
  local outbox = 'ocrq:outbox:' .. host
  local room = math.min(per_host - (busy[host] or 0), most - #taken)
  if room > 0 then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', outbox, '-inf', now, 'LIMIT', 0, room)) do
      local fields = redis.call('HGETALL', 'ocrq:delivery:' .. id)
      if #fields == 0 then
        redis.call('ZREM', outbox, id)
      else
        redis.call('ZADD', outbox, now + lease, id)
        taken[#taken + 1] = {id, fields}
      end
    end
    local first = redis.call('ZRANGE', outbox, 0, 0, 'WITHSCORES')
    if first[2] then redis.call('ZADD', 'ocrq:outbox', first[2], host) else redis.call('ZREM', 'ocrq:outbox', host) end
  end
end
return taken
