-- Try a failed job again, its attempts forgotten. ARGV: id. Returns 1, or 0 where it has not failed or its document is gone.
local id = ARGV[1]
local state, blob, queue = unpack(redis.call('HMGET', key('job', id), 'state', 'blob', 'queue'))
if state ~= 'failed' or not blob or blob == '' then return 0 end
redis.call('HSET', key('job', id), 'state', 'queued', 'phase', 'plan', 'lost', 0, 'done', 0)
redis.call('HDEL', key('job', id), 'error', 'finished', 'started', 'total', 'left', 'count', 'worker', 'follows', 'cached', 'note')
for _, kind in ipairs({'job', 'events'}) do redis.call('PERSIST', key(kind, id)) end
redis.call('DEL', key('units', id), key('tomb', id))
redis.call('ZREM', 'ocrq:dead', id)
redis.call('ZADD', key('pins', blob), '+inf', id)
redis.call('ZADD', key('queued', queue), now, id)
next_turn(id)
enter_line(id)
tell(id, 'status', cjson.encode({status = 'queued'}))
return 1
