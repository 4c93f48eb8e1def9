-- Accept jobs, all or none. ARGV: jobs as JSON [{id, queue, size, fields, idempotency?, fingerprint?, ended?}], limit,
-- ttl, jobs kept of an owner, bytes of its documents that wait or run, seconds that its runs may take in an hour; a bound
-- of 0 is none.
-- Returns {'ok', {ids to publish}, {ids that follow}}, {'full', depth, queue}, {'kept', jobs}, {'bytes', bytes}, {'seconds', seconds}, or {'known'|'conflict', id} for a used
-- idempotency key. A job with a cache_key whose equal was read lately has ended at once; one whose equal is being read
-- follows it. A job that is there already is left as it is: the answer to its first submission was lost on the way.
local jobs, limit, ttl = cjson.decode(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local most_kept, most_bytes, most_seconds = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local adding, known, owners = {}, {}, {}

-- Whether an equal request was read lately; its result is then this one's too.
local function answered(job)
  local equal = job.fields.cache_key and redis.call('GET', key('cache', job.fields.cache_key))
  return equal and redis.call('COPY', key('result', equal), key('result', job.id)) == 1
end

-- Whether an equal request is being read, which this one then follows.
local function follows(job)
  if not job.fields.cache_key then return false end
  local flight = key('flight', job.fields.cache_key)
  local leader = redis.call('GET', flight)
  local state = leader and field(leader, 'state')
  -- An interactive job does not wait behind the bulk for an equal that has not started.
  local slower = state == 'queued' and field(leader, 'queue') ~= job.queue and string.match(job.queue, 'interactive$')
  if slower or (state ~= 'queued' and state ~= 'running') then
    redis.call('SET', flight, job.id)
    return false
  end
  redis.call('SADD', key('followers', leader), job.id)
  redis.call('HSET', key('job', job.id), 'follows', leader)
  return true
end

for _, job in ipairs(jobs) do
  known[job.id] = field(job.id, 'state')
  if job.idempotency then
    local first = redis.call('HMGET', key('idempotency', job.idempotency), 'id', 'fingerprint')
    if first[1] and first[1] ~= job.id then
      return {first[2] == job.fingerprint and 'known' or 'conflict', first[1]}
    end
  end
  if not known[job.id] then
    local more = owners[job.fields.owner or ''] or {jobs = 0, bytes = 0}
    owners[job.fields.owner or ''] = {jobs = more.jobs + 1, bytes = more.bytes + job.size}
  end
  if not known[job.id] and not job.ended and limit > 0 then adding[job.queue] = (adding[job.queue] or 0) + 1 end
end
for queue, more in pairs(adding) do
  local depth = redis.call('ZCARD', key('queued', queue))
  if depth + more > limit then return {'full', depth, queue} end
end

-- Jobs are counted by when they came, in parts of the time that an ended one is kept: those that ended at once, too.
local PARTS = 24
local part = math.floor(now * PARTS / ttl)

local function count_kept(owner)
  local kept, counts = 0, redis.call('HGETALL', key('kept', owner))
  for i = 1, #counts, 2 do
    if part - tonumber(counts[i]) > PARTS then
      redis.call('HDEL', key('kept', owner), counts[i])
    else
      kept = kept + tonumber(counts[i + 1])
    end
  end
  return kept
end

local function count_spent(owner)
  local spent, counts = 0, redis.call('HGETALL', key('spent', owner))
  for i = 1, #counts, 2 do
    if (tonumber(counts[i]) + 1) * SPENT_PART <= now - 3600 then
      redis.call('HDEL', key('spent', owner), counts[i])
    else
      spent = spent + tonumber(counts[i + 1])
    end
  end
  return spent
end

for owner, more in pairs(owners) do
  local spent = most_seconds > 0 and count_spent(owner) or 0
  if most_seconds > 0 and spent >= most_seconds then return {'seconds', math.floor(spent)} end
  local kept = most_kept > 0 and count_kept(owner) or 0
  if most_kept > 0 and kept + more.jobs > most_kept then return {'kept', kept} end
  local bytes = tonumber(redis.call('HGET', 'ocrq:bytes', owner) or 0)
  if most_bytes > 0 and bytes + more.bytes > most_bytes then return {'bytes', bytes} end
end
for owner, more in pairs(owners) do
  redis.call('HINCRBY', key('kept', owner), part, more.jobs)
  redis.call('EXPIRE', key('kept', owner), math.ceil(ttl * 2))
end
local to_publish, following = {}, {}

-- The newest jobs of an owner, and of all, as they are listed; older ones are found by their ids alone.
local LISTED = 10000

local function list_job(job)
  local number = redis.call('INCR', 'ocrq:listed')
  local indexes = {'ocrq:jobs'}
  if job.fields.owner then indexes[2] = key('jobs', job.fields.owner) end
  for _, index in ipairs(indexes) do
    redis.call('ZADD', index, number, job.id)
    redis.call('ZREMRANGEBYRANK', index, 0, -LISTED - 1)
    redis.call('EXPIRE', index, ttl * 10)
  end
end

local function accept(job)
  local flat = {'state', 'queued', 'created', tostring(now), 'queue', job.queue, 'lost', 0, 'done', 0, 'phase', 'plan'}
  for name, value in pairs(job.fields) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  redis.call('HSET', key('job', job.id), unpack(flat))
  list_job(job)
  if job.idempotency then
    redis.call('HSET', key('idempotency', job.idempotency), 'id', job.id, 'fingerprint', job.fingerprint)
    redis.call('EXPIRE', key('idempotency', job.idempotency), ttl)
  end
  if job.ended then
    finish(job.id, 'failed', ttl)
  elseif answered(job) then
    redis.call('HSET', key('job', job.id), 'cached', 1, 'started', tostring(now))
    finish(job.id, 'succeeded', ttl)
  else
    redis.call('ZADD', key('pins', job.fields.blob), '+inf', job.id)
    redis.call('ZADD', 'ocrq:blobs', now, job.fields.blob)
    redis.call('HINCRBY', 'ocrq:bytes', job.fields.owner or '', job.size)
    redis.call('HSET', key('job', job.id), 'size', job.size)
    if not follows(job) then
      redis.call('ZADD', key('queued', job.queue), now, job.id)
      next_turn(job.id)
      redis.call('ZADD', 'ocrq:due', now + STORING, job.id)
    end
  end
end

for _, job in ipairs(jobs) do
  if not known[job.id] then accept(job) end
  if field(job.id, 'state') == 'queued' then
    local list = field(job.id, 'follows') and following or to_publish
    list[#list + 1] = job.id
  end
end
return {'ok', to_publish, following}
