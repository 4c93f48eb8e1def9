-- The documents of new jobs are stored: from now on the sweeper looks after their messages. ARGV: ids.
-- A job that follows an equal one has stored that one's document, too, whose own caller may have been cut off before.
for _, id in ipairs(ARGV) do
  local reader = field(id, 'follows') or id
  if field(reader, 'state') == 'queued' then
    redis.call('ZADD', 'ocrq:due', 'XX', 'LT', now + GRACE, reader)
    enter_line(reader)
  end
end
return 1
