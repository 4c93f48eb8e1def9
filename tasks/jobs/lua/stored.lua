-- The documents of new jobs are stored: from now on the sweeper looks after their messages. ARGV: ids.
for _, id in ipairs(ARGV) do
  if field(id, 'state') == 'queued' then
    redis.call('ZADD', 'ocrq:due', 'XX', now + GRACE, id)
    enter_line(id)
  end
end
return 1
