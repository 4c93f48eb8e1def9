-- Keep a lease. ARGV: id, token, lease seconds (0: only look). Returns 1 while it is held, else 0.
local id, token, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local state, held = unpack(redis.call('HMGET', key('job', id), 'state', 'token'))
if state ~= 'running' or held ~= token then return 0 end
if lease > 0 then redis.call('ZADD', 'ocrq:due', now + lease, id) end
return 1
