-- The process that runs a job is asked to stop. ARGV: id, worker. The job is queued again and no attempt is lost.
-- Returns 1, or 0 where that process does not hold it.
local id, worker = ARGV[1], ARGV[2]
local state, held_by, phase = unpack(redis.call('HMGET', key('job', id), 'state', 'worker', 'phase'))
if state ~= 'running' or held_by ~= worker or phase == 'units' then return 0 end
redis.call('HSET', key('job', id), 'state', 'queued')
redis.call('HDEL', key('job', id), 'token')
leave_message(id)
next_turn(id)
enter_line(id)
redis.call('ZADD', 'ocrq:due', now, id)
return 1
