-- Accept jobs, all or none. ARGV: jobs as JSON [{id, queue, fields, idempotency?, fingerprint?}], limit, ttl.
-- Returns {'ok', …}, {'full', depth, queue}, or {'known'|'conflict', id} for an idempotency key that was used.
local jobs, limit, ttl = cjson.decode(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local adding = {}
for _, job in ipairs(jobs) do
  if job.idempotency then
    local first = redis.call('HMGET', key('idempotency', job.idempotency), 'id', 'fingerprint')
    if first[1] then
      return {first[2] == job.fingerprint and 'known' or 'conflict', first[1]}
    end
  end
  if not job.ended and limit > 0 then adding[job.queue] = (adding[job.queue] or 0) + 1 end
end
for queue, more in pairs(adding) do
  local depth = redis.call('SCARD', key('waiting', queue))
  if depth + more > limit then return {'full', depth, queue} end
end
for _, job in ipairs(jobs) do
  local flat = {'state', 'queued', 'created', tostring(now), 'queue', job.queue, 'lost', 0, 'done', 0, 'phase', 'plan'}
  for name, value in pairs(job.fields) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  redis.call('HSET', key('job', job.id), unpack(flat))
  if job.idempotency then
    redis.call('HSET', key('idempotency', job.idempotency), 'id', job.id, 'fingerprint', job.fingerprint)
    redis.call('EXPIRE', key('idempotency', job.idempotency), ttl)
  end
  if job.ended then
    finish(job.id, 'failed', ttl)
  else
    redis.call('SADD', key('waiting', job.queue), job.id)
    redis.call('ZADD', key('pins', job.fields.blob), '+inf', job.id)
    redis.call('ZADD', 'ocrq:blobs', now, job.fields.blob)
    next_turn(job.id)
  end
end
return {'ok'}
