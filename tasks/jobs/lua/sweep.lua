-- Look at one overdue job. ARGV: id, attempts allowed, ttl, the queue's list keys as JSON {queue: [keys]}.
-- Returns {'publish', id}, {'dead', parent}, {'fine'}.
local id, allowed, ttl, lists = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])
local due = redis.call('ZSCORE', 'ocrq:due', id)
if not due or tonumber(due) > now then return {'fine'} end
local state, phase, queue, turn = unpack(redis.call('HMGET', key('job', id), 'state', 'phase', 'queue', 'turn'))
if state == 'running' and phase ~= 'units' then
  local verdict, parent = lose_attempt(id, allowed, ttl)
  if verdict == 'dead' then
    tell_caller(id)
    return {'dead', parent}
  end
  redis.call('HSET', key('job', id), 'state', 'queued')
  redis.call('HDEL', key('job', id), 'token')
  next_turn(id)
  return {'publish', id}
end
if state ~= 'queued' then
  if state and field(id, 'message') then -- due until a run has the message that tells its caller
    redis.call('ZADD', 'ocrq:due', now + TELLING, id)
    return {'publish', id}
  end
  redis.call('ZREM', 'ocrq:due', id)
  return {'fine'}
end
local waiting = 0
for _, list in ipairs(lists[queue] or {}) do waiting = waiting + redis.call('LLEN', list) end
local head = tonumber(redis.call('HGET', 'ocrq:heads', queue) or 0)
if waiting == 0 or tonumber(turn) < head or phase == 'assemble' then
  next_turn(id)
  return {'publish', id}
end
-- Its message still waits in the queue; a long queue is looked at less often.
redis.call('ZADD', 'ocrq:due', now + GRACE * math.min(6, 1 + waiting / 100), id)
return {'fine'}
