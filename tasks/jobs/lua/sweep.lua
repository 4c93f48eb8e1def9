-- Look at one overdue job. ARGV: id, attempts allowed, ttl, the queue's list keys as JSON {queue: [keys]}.
-- Returns {'publish', id}, {'dead', parent}, {'fine'}.
local id, allowed, ttl, lists = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])
local due = redis.call('ZSCORE', 'ocrq:due', id)
if not due or tonumber(due) > now then return {'fine'} end
local state, phase, queue, turn, owner =
  unpack(redis.call('HMGET', key('job', id), 'state', 'phase', 'queue', 'turn', 'owner'))
if state == 'running' and phase ~= 'units' then
  local verdict, parent = lose_attempt(id, allowed, ttl)
  if verdict == 'dead' then
    tell_caller(id)
    return {'dead', parent}
  end
  redis.call('HSET', key('job', id), 'state', 'queued')
  redis.call('HDEL', key('job', id), 'token')
  leave_message(id)
  next_turn(id)
  enter_line(id)
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
-- A later message has passed this job's. It may have begun another owner's job, and another message begins this one:
-- only the first of a line, or a job in none, can have been left behind, and a message too many does no harm.
local function passed()
  local line = line_of(queue, owner)
  local first = redis.call('ZRANGE', line, 0, 0)[1]
  return tonumber(turn) < head and (first == id or not redis.call('ZSCORE', line, id))
end

if waiting == 0 or phase == 'assemble' or passed() then
  next_turn(id)
  enter_line(id)
  return {'publish', id}
end
-- Its message still waits in the queue; a long queue is looked at less often.
redis.call('ZADD', 'ocrq:due', now + GRACE * math.min(6, 1 + waiting / 100), id)
return {'fine'}
