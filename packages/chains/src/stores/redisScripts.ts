/**
 * Every write of the Redis store, each a script that the server runs as a whole.
 *
 * Writes that need memory come first in each: a server without memory refuses the first of them,
 * and nothing else was done then. Whole numbers are compared as text, because the server's Lua
 * knows floating-point numbers only and writes large ones with an exponent.
 */
export const REDIS_SCRIPTS = {
  /** KEYS: texts, keys, format. ARGV: format. @returns the format that the prefix has now. */
  format: `
    local format = redis.call('GET', KEYS[3])
    if format then return format end
    if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 'none' end
    redis.call('SET', KEYS[3], ARGV[1])
    return ARGV[1]`,

  /** KEYS: texts, keys. ARGV: from, below, limit. @returns keys and texts in turn. */
  list: `
    local keys = redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[1], '(' .. ARGV[2],
      'LIMIT', 0, ARGV[3])
    local entries = {}
    for i, key in ipairs(keys) do
      entries[2 * i - 1] = key
      entries[2 * i] = redis.call('HGET', KEYS[1], key)
    end
    return entries`,

  /** KEYS: texts, keys. ARGV: keys and texts in turn. @returns 1 if inserted. */
  insert: `
    if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 0 end
    for i = 1, #ARGV, 2 do
      redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
      redis.call('ZADD', KEYS[2], 0, ARGV[i])
    end
    return 1`,

  /**
   * KEYS: texts, keys, lease. ARGV: fence, sequence, number of puts, keys and texts of the puts in
   * turn, keys of the deletes. @returns 'applied', or the fence and sequence there, '' for none.
   */
  commit: `
    local lease = redis.call('HMGET', KEYS[3], 'fence', 'sequence')
    if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then
      return { lease[1] or '', lease[2] or '' }
    end
    redis.call('HINCRBY', KEYS[3], 'sequence', 1)
    local last = 3 + 2 * tonumber(ARGV[3])
    for i = 4, last, 2 do
      redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
      redis.call('ZADD', KEYS[2], 0, ARGV[i])
    end
    for i = last + 1, #ARGV do
      redis.call('HDEL', KEYS[1], ARGV[i])
      redis.call('ZREM', KEYS[2], ARGV[i])
    end
    return 'applied'`,

  /** KEYS: lease. ARGV: owner, duration in ms. @returns the new fence, or 0. */
  acquire: `
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local lease = redis.call('HMGET', KEYS[1], 'owner', 'taken', 'till')
    local text = function(number) return string.format('%.0f', number) end
    if lease[1] and lease[1] ~= '' and lease[1] ~= ARGV[1] then
      local taken, till = tonumber(lease[2]), tonumber(lease[3])
      if now < taken then
        -- The clock was put back: waiting for the old end could take hours.
        redis.call('HSET', KEYS[1], 'taken', text(now), 'till', text(now + till - taken))
        return 0
      end
      if now < till then return 0 end
    end
    local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
    redis.call('HSETNX', KEYS[1], 'sequence', 0)
    redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'taken', text(now),
      'till', text(now + tonumber(ARGV[2])))
    return fence`,

  /** KEYS: lease. ARGV: fence, duration in ms. @returns the fence there, '' for none. */
  renew: `
    local fence = redis.call('HGET', KEYS[1], 'fence')
    if fence == ARGV[1] then
      local time = redis.call('TIME')
      local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
      redis.call('HSET', KEYS[1], 'taken', string.format('%.0f', now),
        'till', string.format('%.0f', now + tonumber(ARGV[2])))
    end
    return fence or ''`,

  /** KEYS: lease. ARGV: fence. */
  release: `
    if redis.call('HGET', KEYS[1], 'fence') == ARGV[1] then
      redis.call('HINCRBY', KEYS[1], 'fence', 1)
      redis.call('HSET', KEYS[1], 'owner', '', 'taken', 0, 'till', 0)
    end
    return 1`,
} as const;
