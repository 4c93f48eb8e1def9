-- Hand a job back unread: it is queued again and no attempt is lost. ARGV: id, token. Returns 1, or 0 (lease lost).
local id, token = ARGV[1], ARGV[2]
local state, held = unpack(redis.call('HMGET', key('job', id), 'state', 'token'))
if state ~= 'running' or held ~= token then return 0 end
redis.call('HSET', key('job', id), 'state', 'queued')
redis.call('HDEL', key('job', id), 'token')
next_turn(id)
return 1
