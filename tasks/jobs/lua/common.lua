-- Shared by every script of the ledger: keys, the clock, events, endings.
-- Redis's own clock is the only one, so workers on machines with other clocks agree on leases.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1e6

local function key(kind, id) return 'ocrq:' .. kind .. ':' .. id end

-- Seconds after which a published job that nobody started is looked at by the sweeper.
local GRACE = 5

-- Seconds a job may wait for its document to be stored; it is not read before, unless whoever stores it has died.
local STORING = 60

-- Events kept of one job; a client that reconnects finds at least these.
local EVENTS = 5000

-- Seconds after which the caller of an ended job is sent a second message.
local TELLING = 30

local function tell(id, name, data)
  redis.call('XADD', key('events', id), 'MAXLEN', '~', EVENTS, '*', 'name', name, 'data', data)
  redis.call('PUBLISH', 'ocrq:events', id .. ' ' .. name)
end

-- Counters of all processes, as tasks/monitoring/counters.py has them.
local function count(series, by) redis.call('HINCRBYFLOAT', 'ocrq:metrics', series, by or 1) end

local BUCKETS = {0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800}

local function observe(name, label, seconds)
  seconds = math.max(0, seconds)
  local bound = 'inf'
  for _, upper in ipairs(BUCKETS) do
    if seconds <= upper then
      bound = tostring(upper)
      break
    end
  end
  count(name .. '|le=' .. bound .. '|' .. label)
  count(name .. '_sum|' .. label, seconds)
end

local function field(id, name) return redis.call('HGET', key('job', id), name) end

local function next_turn(id)
  local turn = redis.call('INCR', 'ocrq:turns')
  redis.call('HSET', key('job', id), 'turn', turn)
  redis.call('HSETNX', key('job', id), 'first_turn', turn)
  redis.call('ZADD', 'ocrq:due', now + GRACE, id)
end

-- Jobs that wait stand in the line of their owner, in the order of their first turns, and owners are served in turn:
-- whose message a worker got only says that one of a queue's jobs may start. Jobs with a message of their own, whose
-- caller gets that message's answer, and documents to be put together stand in no line.
local function line_of(queue, owner) return 'ocrq:line:' .. queue .. ':' .. (owner or '') end

local function enter_line(id)
  local queue, owner, turn, message, phase =
    unpack(redis.call('HMGET', key('job', id), 'queue', 'owner', 'first_turn', 'message', 'phase'))
  if message or phase == 'assemble' then return end
  redis.call('ZADD', line_of(queue, owner), 'NX', turn, id)
  -- Behind all who have waited, before the one served last.
  local served = tonumber(redis.call('GET', 'ocrq:served') or 0)
  redis.call('ZADD', key('owners', queue), 'NX', served - 0.5, owner or '')
end

local function leave_line(id, queue, owner)
  local line = line_of(queue, owner)
  if redis.call('ZREM', line, id) == 1 and redis.call('EXISTS', line) == 0 then
    redis.call('ZREM', key('owners', queue), owner or '')
  end
end

-- The first job of the owner who was served longest ago; false where none waits.
local function next_in_line(queue)
  while true do
    local owner = redis.call('ZRANGE', key('owners', queue), 0, 0)[1]
    if not owner then return false end
    local id = redis.call('ZRANGE', line_of(queue, owner), 0, 0)[1]
    if id and field(id, 'state') == 'queued' then
      redis.call('ZADD', key('owners', queue), redis.call('INCR', 'ocrq:served'), owner)
      return id
    elseif id then
      redis.call('ZREM', line_of(queue, owner), id)
    else
      redis.call('ZREM', key('owners', queue), owner)
    end
  end
end

-- A run that another job's message began is over.
local function leave_message(id)
  local via = field(id, 'via')
  if not via then return end
  redis.call('HDEL', key('job', id), 'via')
  if redis.call('HGET', 'ocrq:swaps', via) == id then redis.call('HDEL', 'ocrq:swaps', via) end
end

local function unpin(id, state, ttl)
  local blob = field(id, 'blob')
  if not blob or blob == '' or field(id, 'parent') then return end -- units are pinned by their document
  if state == 'failed' then -- a failed job can be tried again for as long as it is kept
    redis.call('ZADD', key('pins', blob), now + ttl, id)
  else
    redis.call('ZREM', key('pins', blob), id)
  end
end

local function leave_queue(id)
  redis.call('ZREM', 'ocrq:due', id)
  local queue, owner = unpack(redis.call('HMGET', key('job', id), 'queue', 'owner'))
  if not queue then return end
  redis.call('ZREM', key('queued', queue), id)
  leave_line(id, queue, owner)
end

-- A unit tells its parent, whatever became of it; the last one sends the parent to be put together.
-- Returns the parent's id if it is to be published now.
local function settle_unit(id, reading, pages)
  local parent, index, numbers = unpack(redis.call('HMGET', key('job', id), 'parent', 'index', 'pages'))
  redis.call('EXPIRE', key('job', id), 600)
  if field(parent, 'state') ~= 'running' or field(parent, 'phase') ~= 'units' then return false end
  if redis.call('HSETNX', key('units', parent), index, reading) == 0 then return false end
  local done = redis.call('HINCRBY', key('job', parent), 'done', pages)
  tell(parent, 'progress', cjson.encode({done = done, total = tonumber(field(parent, 'total')), unit = 'page'}))
  tell(parent, 'unit', '{"index":' .. index .. ',"pages":' .. numbers .. '}')
  if redis.call('HINCRBY', key('job', parent), 'left', -1) > 0 then return false end
  redis.call('HSET', key('job', parent), 'state', 'queued', 'phase', 'assemble')
  next_turn(parent)
  return parent
end

local answer_followers

-- A direct caller gets the end of its job in a message; the sweeper sends it where no run is left to do so.
local function tell_caller(id)
  if field(id, 'message') then redis.call('ZADD', 'ocrq:due', now, id) end
end

-- A job's end and the notice of it for its webhook are one step. A notice waits a day at least, however short the ttl.
local function announce(id, state, ttl)
  local url, created, started, fault = unpack(redis.call('HMGET', key('job', id), 'webhook', 'created', 'started', 'error'))
  if not url then return end
  local delivery = id .. '-' .. redis.call('INCR', 'ocrq:deliveries')
  local host = string.lower(string.match(url, '^%a+://([^/?#]+)'))
  redis.call('HSET', key('delivery', delivery), 'job', id, 'status', state, 'url', url, 'host', host, 'ended', tostring(now),
    'created', created, 'started', started or '', 'error', state == 'failed' and fault or '', 'tries', 0)
  redis.call('EXPIRE', key('delivery', delivery), math.max(ttl, 86400))
  redis.call('ZADD', key('outbox', host), now, delivery)
  redis.call('ZADD', 'ocrq:outbox', 'LT', now, host)
end

local function count_end(id, state)
  local operation, queue, created, started, fault, cached =
    unpack(redis.call('HMGET', key('job', id), 'operation', 'queue', 'created', 'started', 'error', 'cached'))
  local code = state == 'failed' and fault and cjson.decode(fault).code or ''
  count('jobs|operation=' .. operation .. '|status=' .. state .. '|code=' .. tostring(code))
  if cached then
    count('cache_hits|operation=' .. operation)
  elseif started then
    observe('queue_wait_seconds', 'queue=' .. queue, tonumber(started) - tonumber(created))
    observe('job_seconds', 'operation=' .. operation, now - tonumber(started))
  end
end

-- Seconds that an owner's runs took, in parts of the hour that its budget is for.
local SPENT_PART = 300

local function spend(id)
  local since, owner = unpack(redis.call('HMGET', key('job', id), 'run_since', 'owner'))
  if not since then return end
  redis.call('HDEL', key('job', id), 'run_since')
  redis.call('HINCRBYFLOAT', key('spent', owner or ''), math.floor(now / SPENT_PART), math.max(0, now - tonumber(since)))
  redis.call('EXPIRE', key('spent', owner or ''), 7200)
end

-- Its document counts no more among its owner's.
local function leave_bytes(id)
  local size, owner = unpack(redis.call('HMGET', key('job', id), 'size', 'owner'))
  if not size then return end
  redis.call('HDEL', key('job', id), 'size')
  if redis.call('HINCRBY', 'ocrq:bytes', owner or '', -size) <= 0 then redis.call('HDEL', 'ocrq:bytes', owner or '') end
end

local function finish(id, state, ttl)
  redis.call('HSET', key('job', id), 'state', state, 'finished', now)
  redis.call('HDEL', key('job', id), 'token')
  spend(id)
  leave_message(id)
  leave_queue(id)
  leave_bytes(id)
  unpin(id, state, ttl)
  if field(id, 'parent') then return end
  count_end(id, state)
  tell(id, 'status', cjson.encode({status = state}))
  -- A stream's last node keeps room for 4 KB more; a copy is as large as what is in it, a sixth for most jobs.
  redis.call('COPY', key('events', id), key('events', id .. ':'), 'REPLACE')
  redis.call('RENAME', key('events', id .. ':'), key('events', id))
  for _, kind in ipairs({'job', 'events', 'result', 'units'}) do redis.call('EXPIRE', key(kind, id), ttl) end
  -- What an id once was is remembered ten times as long as the job: so expired differs from unknown.
  redis.call('SET', key('tomb', id), state, 'EX', ttl * 10)
  announce(id, state, ttl)
  answer_followers(id, state, ttl)
end

-- An equal request that came while this one was read gets what this one got; where this one was cancelled, the
-- first that still waits is read in its place. The sweeper publishes what is due for it.
function answer_followers(id, state, ttl)
  local flight = field(id, 'cache_key')
  if not flight then return end
  if redis.call('GET', key('flight', flight)) == id then redis.call('DEL', key('flight', flight)) end
  local leader
  for _, follower in ipairs(redis.call('SMEMBERS', key('followers', id))) do
    if field(follower, 'state') == 'queued' then
      if state ~= 'cancelled' then
        redis.call('HSET', key('job', follower), 'cached', 1, 'started', tostring(now))
        if state == 'succeeded' then redis.call('COPY', key('result', id), key('result', follower)) end
        if state == 'failed' then redis.call('HSET', key('job', follower), 'error', field(id, 'error')) end
        finish(follower, state, ttl)
        tell_caller(follower)
      elseif leader then
        redis.call('SADD', key('followers', leader), follower)
        redis.call('HSET', key('job', follower), 'follows', leader)
      else
        leader = follower
        redis.call('HDEL', key('job', leader), 'follows')
        redis.call('SET', key('flight', flight), leader)
        redis.call('ZADD', key('queued', field(leader, 'queue')), now, leader)
        next_turn(leader)
        redis.call('ZADD', 'ocrq:due', now, leader)
      end
    end
  end
  redis.call('DEL', key('followers', id))
end

-- Dead jobs are listed for as long as they are kept.
local function list_dead(id, ttl)
  redis.call('ZREMRANGEBYSCORE', 'ocrq:dead', '-inf', now - ttl)
  redis.call('ZADD', 'ocrq:dead', now, id)
end

-- Returns the parent's id if the death of a unit completed it.
local function die(id, ttl, code, detail)
  local fault = cjson.encode({code = code, detail = detail, field = cjson.null, retryable = false})
  redis.call('HSET', key('job', id), 'error', fault)
  finish(id, 'failed', ttl)
  if not field(id, 'parent') then list_dead(id, ttl) end
  local pages = field(id, 'pages')
  if not field(id, 'parent') then return false end
  return settle_unit(id, '{"pages_failed":' .. pages .. ',"error":' .. fault .. '}', #cjson.decode(pages))
end

-- A run whose lease ended: one attempt is lost. Returns 'dead' after the last one, and the parent to publish.
local function lose_attempt(id, attempts_allowed, ttl)
  local lost = redis.call('HINCRBY', key('job', id), 'lost', 1)
  count('attempts_lost')
  spend(id)
  if lost < attempts_allowed then return 'again', false end
  local detail = 'the worker died or fell silent ' .. lost .. ' times on this document; it may be what kills it'
  return 'dead', die(id, ttl, 'worker_lost', detail)
end
