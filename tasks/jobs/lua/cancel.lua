-- Cancel a job and its units. ARGV: id, ttl, 1 to cancel it only if no run of it has started.
-- Returns the state before, or false for an unknown id.
local id, ttl, only_new = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
local state, count, phase, started = unpack(redis.call('HMGET', key('job', id), 'state', 'count', 'phase', 'started'))
if not state then return false end
if state ~= 'queued' and state ~= 'running' then return state end
if only_new and started then return state end
local leader = field(id, 'follows')
if leader then redis.call('SREM', key('followers', leader), id) end
finish(id, 'cancelled', ttl)
if leader or phase == 'units' then tell_caller(id) end -- no message of it is under way
for index = 1, tonumber(count or 0) do
  local unit = id .. '.' .. index
  local unit_state = field(unit, 'state')
  if unit_state == 'queued' or unit_state == 'running' then
    finish(unit, 'cancelled', ttl)
    redis.call('EXPIRE', key('job', unit), 600)
  end
end
return state
