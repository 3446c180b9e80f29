/**
 * How channels lie in Redis: per stream a hash {epoch, last} and a Redis stream whose entry ids are `<offset>-0` with the fields p (payload, JSON)
 * and t (milliseconds of its copy). The braces put both into one slot of a cluster.
 */
export const metaKey = (stream: string): string => `boop:{${stream}}:meta`;
export const eventsKey = (stream: string): string => `boop:{${stream}}:events`;
export const entryId = (offset: number): string => `${offset}-0`;

/** Publish/subscribe channel: the message names the stream that has news; an empty one says that the copy is up to date. */
export const newsChannel = 'boop:channel-news';

/** Bounds of a stream's history in Redis. */
export interface HistoryBounds {
  readonly eventsMax: number;
  readonly ageMs: number;
}

/**
 * Appends consecutive events as one step. KEYS: meta, events. ARGV: epoch, first offset, most entries, oldest time, life in ms, now, news channel,
 * stream, payloads. Another epoch than the stored one starts the copy anew; a gap changes nothing; events that are there already are passed over, so
 * that two copiers do no harm. Returns the last offset, or -1 after a gap.
 */
export const appendScript = `
local first = tonumber(ARGV[2])
local epoch = redis.call('HGET', KEYS[1], 'epoch')
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
if epoch ~= ARGV[1] then
  redis.call('DEL', KEYS[1], KEYS[2])
  last = first - 1
elseif first > last + 1 then
  return -1
end
for i = 9, #ARGV do
  local offset = first + i - 9
  if offset > last then
    redis.call('XADD', KEYS[2], string.format('%d-0', offset), 'p', ARGV[i], 't', ARGV[6])
    last = offset
  end
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'last', string.format('%d', last))
redis.call('XTRIM', KEYS[2], 'MAXLEN', ARGV[3])
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 256)) do
  if tonumber(entry[2][4]) >= tonumber(ARGV[4]) then break end
  redis.call('XDEL', KEYS[2], entry[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('PUBLISH', ARGV[7], ARGV[8])
return last
`;
