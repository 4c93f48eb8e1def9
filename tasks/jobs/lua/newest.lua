-- Jobs of an owner, newest first. ARGV: owner ('' for everybody's), status ('' for any), limit, cursor ('' for the newest), entries looked at.
-- Returns {cursor of the jobs before these or false, {{id, fields}, …}}. Entries of expired jobs are removed on sight.
local owner, status, limit, cursor, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local index = owner == '' and 'ocrq:jobs' or key('jobs', owner)
local names = {'state', 'phase', 'operation', 'queue', 'created', 'started', 'finished', 'lost', 'done', 'total', 'error',
  'owner', 'follows'} -- the request may be large, and is not shown

-- As JobRecord.status and as_far_as have it.
local function shown(id)
  local state, phase, leader = unpack(redis.call('HMGET', key('job', id), 'state', 'phase', 'follows'))
  if state == 'queued' and phase == 'assemble' then return 'running' end
  if state == 'queued' and leader and field(leader, 'state') == 'running' then return 'running' end
  return state
end

local function summary_of(id)
  local flat = {}
  for place, value in ipairs(redis.call('HMGET', key('job', id), unpack(names))) do
    if value then
      flat[#flat + 1] = names[place]
      flat[#flat + 1] = value
    end
  end
  return {id, flat}
end

local upto = cursor == '' and '+inf' or '(' .. cursor
local entries = redis.call('ZREVRANGEBYSCORE', index, upto, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
local found, last = {}, false
for place = 1, #entries, 2 do
  local id = entries[place]
  last = entries[place + 1]
  local state = shown(id)
  if not state then
    redis.call('ZREM', index, id)
  elseif status == '' or state == status then
    found[#found + 1] = summary_of(id)
    if #found == limit then break end
  end
end
local before = last and redis.call('ZREVRANGEBYSCORE', index, '(' .. last, '-inf', 'LIMIT', 0, 1)
return {before and #before > 0 and last or false, found}
