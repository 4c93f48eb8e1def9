-- Cut a document into units, each a job with its own lease. ARGV: id, token, units as JSON [[pages], …], total.
-- Returns 1, or 0 where the lease was lost, or the document was cut already.
local id, token, units, total = ARGV[1], ARGV[2], cjson.decode(ARGV[3]), tonumber(ARGV[4])
local state, held, phase = unpack(redis.call('HMGET', key('job', id), 'state', 'token', 'phase'))
if state ~= 'running' or held ~= token or phase ~= 'plan' then return 0 end
local copied = {'operation', 'blob', 'queue', 'owner', 'request_id', 'trace'} -- the request stays with the document
local values = redis.call('HMGET', key('job', id), unpack(copied))
for index, pages in ipairs(units) do
  local unit = id .. '.' .. index
  local flat = {'state', 'queued', 'created', tostring(now), 'lost', 0, 'done', 0, 'phase', 'unit',
    'parent', id, 'index', index, 'pages', cjson.encode(pages)}
  for i, name in ipairs(copied) do
    if values[i] then
      flat[#flat + 1] = name
      flat[#flat + 1] = values[i]
    end
  end
  redis.call('DEL', key('job', unit)) -- of a document tried again, whose first units are about to expire
  redis.call('HSET', key('job', unit), unpack(flat))
  next_turn(unit)
  enter_line(unit)
end
redis.call('HSET', key('job', id), 'phase', 'units', 'left', #units, 'count', #units, 'total', total, 'done', 0)
redis.call('HDEL', key('job', id), 'token')
leave_message(id)
redis.call('ZREM', 'ocrq:due', id)
tell(id, 'progress', cjson.encode({done = 0, total = total, unit = 'page'}))
return 1
