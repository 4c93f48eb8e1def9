-- Take a job to run it. ARGV: id, lease seconds, attempts allowed, ttl, worker, start of the queues it reads, token.
-- The id is of the job whose message came; the job that is taken is the next in line of its queue, if that stands in a
-- line. The token is unique to this claim. Returns {'run', fields, result of an equal request or false, id}, or why not:
-- {'unknown'}, {'elsewhere'}, {'held'}, {'waiting'}, {'dead', parent}, {state}.
local id, lease, allowed, ttl, worker = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local token, message = ARGV[7], ARGV[1]

-- A job's fields; a unit's with the request of its document, which stands there alone.
local function whole(job)
  local fields = redis.call('HGETALL', key('job', job))
  local parent = field(job, 'parent')
  local request = parent and field(parent, 'request')
  if request then
    fields[#fields + 1] = 'request'
    fields[#fields + 1] = request
  end
  return fields
end

local state, phase, held

local function look(job)
  id = job
  state, phase, held = unpack(redis.call('HMGET', key('job', id), 'state', 'phase', 'token'))
end

look(id)
if not state then return {'unknown'} end

-- Where an equal request that asked for other output formats was read lately, its result goes along: it has the pages.
local function granted()
  local reading = phase == 'plan' and field(id, 'reading_key')
  local equal = reading and redis.call('GET', key('cache', reading))
  local earlier = equal and redis.call('GET', key('result', equal))
  if earlier then
    redis.call('HSET', key('job', id), 'cached', 1)
  elseif reading then
    redis.call('HDEL', key('job', id), 'cached') -- of a run before that died
  end
  return {'run', whole(id), earlier, id}
end

local function lease_ended(job)
  local ends = redis.call('ZSCORE', 'ocrq:due', job)
  return not ends or tonumber(ends) <= now
end

if string.sub(field(id, 'queue'), 1, #ARGV[6]) ~= ARGV[6] then return {'elsewhere'} end
-- The message came before, and began another job: this is that claim asked again, or its process died.
local other = redis.call('HGET', 'ocrq:swaps', id)
if other and (field(other, 'token') == token or (field(other, 'state') == 'running' and lease_ended(other))) then
  look(other)
end
if state == 'running' and held == token then return granted() end -- asked again, as the answer was lost on the way

local own = field(message, 'message') or phase == 'assemble'
local refusal
if state == 'running' then
  if phase == 'units' then
    refusal = {'waiting'}
  elseif not lease_ended(id) then
    refusal = {'held'}
  else
    local verdict, parent = lose_attempt(id, allowed, ttl)
    if verdict == 'dead' then return {'dead', parent} end
    own = true
  end
elseif state ~= 'queued' then
  redis.call('ZREM', 'ocrq:due', id) -- this run tells the caller
  refusal = {state}
elseif field(id, 'follows') then
  refusal = {'held'}
elseif not own then
  enter_line(id)
end
-- Messages of a queue start in the order they were published: one that was passed by a later one is lost.
-- Of a job published again it is not known which message this is; taken for the first, it passes none that still waits.
-- A job sent to be put together goes in front of the queue, and so tells nothing about it.
local queue, turn = unpack(redis.call('HMGET', key('job', message), 'queue', 'first_turn'))
if phase ~= 'assemble' and turn then
  local head = tonumber(redis.call('HGET', 'ocrq:heads', queue) or 0)
  if tonumber(turn) > head then redis.call('HSET', 'ocrq:heads', queue, turn) end
end
local next_job = not own and next_in_line(queue)
if next_job then
  look(next_job)
elseif refusal then
  return refusal
end

count('attempts')
leave_queue(id)
if id == message then
  redis.call('HDEL', 'ocrq:swaps', message)
else
  redis.call('HSET', 'ocrq:swaps', message, id)
  redis.call('HSET', key('job', id), 'via', message)
end
redis.call('HSET', key('job', id), 'state', 'running', 'token', token, 'worker', worker, 'run_since', tostring(now))
redis.call('ZADD', 'ocrq:due', now + lease, id)
if not field(id, 'started') then
  redis.call('HSET', key('job', id), 'started', tostring(now))
  if not field(id, 'parent') then tell(id, 'status', cjson.encode({status = 'running'})) end
end
return granted()
