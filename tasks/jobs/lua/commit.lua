-- End a run. ARGV: id, token, state, payload, ttl, pages, seconds the result may answer equal requests. A unit's payload is its reading, a document's its result or error.
-- Returns {0} where the lease was lost, else {1, parent to publish or false}.
local id, token, state, payload, ttl, pages = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local current, held, ended_by = unpack(redis.call('HMGET', key('job', id), 'state', 'token', 'ended_by'))
if ended_by == token then return {1, false} end -- asked again, as the answer was lost on the way; the sweeper publishes
if current ~= 'running' or held ~= token then return {0} end
redis.call('HSET', key('job', id), 'ended_by', token)
if field(id, 'parent') then
  finish(id, state, ttl)
  return {1, settle_unit(id, payload, pages)}
end
if state == 'succeeded' then
  -- The smoothed time of a document, for a realistic Retry-After.
  local took = now - tonumber(field(id, 'started'))
  local mean = tonumber(redis.call('GET', 'ocrq:mean') or took)
  redis.call('SET', 'ocrq:mean', mean * 0.9 + took * 0.1)
  redis.call('SET', key('result', id), payload)
  redis.call('HSET', key('job', id), 'done', pages, 'total', pages)
  local cache_key, reading_key, cached = unpack(redis.call('HMGET', key('job', id), 'cache_key', 'reading_key', 'cached'))
  local cache_seconds = tonumber(ARGV[7])
  if cached then -- made of an equal request's pages, which grow no younger by it
    cache_seconds, reading_key = math.min(cache_seconds, redis.call('TTL', key('cache', reading_key))), false
  end
  if cache_seconds > 0 then
    if cache_key then redis.call('SET', key('cache', cache_key), id, 'EX', cache_seconds) end
    if reading_key then redis.call('SET', key('cache', reading_key), id, 'EX', cache_seconds) end
  end
  redis.call('DEL', key('units', id))
else
  redis.call('HSET', key('job', id), 'error', payload)
  if cjson.decode(payload).code == 'worker_lost' then list_dead(id, ttl) end -- each of its units killed its workers
end
finish(id, state, ttl)
return {1, false}
