-- The process that ran a job died, was killed, or gives up. ARGV: id, worker, ttl, code, detail (empty: it may be tried
-- again), note for the result's warnings.
-- Ends the lease at once, so that nobody waits for it, or fails the job. Returns {1, parent to publish or false}, or {0}.
local id, worker, ttl, code, detail = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local state, held_by, phase = unpack(redis.call('HMGET', key('job', id), 'state', 'worker', 'phase'))
if state ~= 'running' or held_by ~= worker or phase == 'units' then return {0} end
redis.call('HDEL', key('job', id), 'token')
if ARGV[6] ~= '' then redis.call('HSET', key('job', id), 'note', ARGV[6]) end
if code ~= '' then return {1, die(id, ttl, code, detail)} end
redis.call('ZADD', 'ocrq:due', now, id)
return {1, false}
