-- Tell how far a job is. ARGV: id, token, done, total. Returns 1 while the lease is held, else 0.
local id, token, done, total = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local state, held = unpack(redis.call('HMGET', key('job', id), 'state', 'token'))
if state ~= 'running' or held ~= token then return 0 end
redis.call('HSET', key('job', id), 'done', done, 'total', total)
if not field(id, 'parent') then
  tell(id, 'progress', cjson.encode({done = done, total = total, unit = 'page'}))
end
return 1
