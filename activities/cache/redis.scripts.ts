/**
 * What is done in Redis in one piece, so that nothing is kept that was forgotten meanwhile. All keys of a
 * cache have the same `{…}` in their names, and lie in one slot of a cluster.
 */

/** KEYS: the entry, versions of its tags. ARGV: bytes to read at most. → text, time left in ms, versions. */
export const GET = `
local text = redis.pcall('GETRANGE', KEYS[1], 0, ARGV[1] - 1)
if type(text) == 'table' then text = '' end
local answer = { text, redis.call('PTTL', KEYS[1]) }
for i = 2, #KEYS do answer[#answer + 1] = redis.call('GET', KEYS[i]) or '0' end
return answer`;

/** KEYS: the entry, versions of its n tags, the n tags. ARGV: id, text, ttl in ms, n versions. → 1: kept. */
export const SET = `
local tags = #ARGV - 3
for i = 1, tags do
  if (redis.call('GET', KEYS[1 + i]) or '0') ~= ARGV[3 + i] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
local now = redis.call('TIME')[1] * 1000
for i = 1, tags do
  local tag = KEYS[1 + tags + i]
  redis.call('ZREMRANGEBYSCORE', tag, '-inf', now - 1000)
  redis.call('ZADD', tag, now + ARGV[3], ARGV[1])
  redis.call('PEXPIRE', tag, ARGV[3] + 2000)
end
return 1`;

/** KEYS: the tag's version, the tag. ARGV: prefix of entries, channel, tag, ttl of versions in ms. → ids. */
export const FORGET = `
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local ids = redis.call('ZRANGE', KEYS[2], 0, -1)
local gone = {}
for _, id in ipairs(ids) do
  if redis.call('DEL', ARGV[1] .. id) == 1 then gone[#gone + 1] = id end
end
redis.call('DEL', KEYS[2])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return gone`;
