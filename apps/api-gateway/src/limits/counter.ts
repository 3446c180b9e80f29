import { type Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { Prisma } from '../generated/prisma/client.ts';
import { type Database } from '../store/database.ts';

export interface Count {
  /** Points of the window that were taken so far, these included. */
  readonly taken: number;
  readonly resetMs: number;
}

/** Counts points per key in fixed windows that start with a key's first point. Shared by all replicas that use the same store. */
export interface Counter {
  add(key: string, points: number, windowSeconds: number): Promise<Count>;
}

/** Never refuses by itself: what is too much is the caller's matter. */
const unlimited = Number.MAX_SAFE_INTEGER;
const keyPrefix = 'boop:limit';

const countOf = ({ consumedPoints, msBeforeNext }: RateLimiterRes): Count => ({ taken: consumedPoints, resetMs: msBeforeNext });

export function memoryCounter(): Counter {
  const limiter = new RateLimiterMemory({ points: unlimited, duration: 60, keyPrefix });
  return { add: async (key, points, windowSeconds) => countOf(await limiter.consume(key, points, { customDuration: windowSeconds })) };
}

export function redisCounter(redis: Redis): Counter {
  const limiter = new RateLimiterRedis({ storeClient: redis, points: unlimited, duration: 60, keyPrefix, rejectIfRedisNotReady: true });
  return { add: async (key, points, windowSeconds) => countOf(await limiter.consume(key, points, { customDuration: windowSeconds })) };
}

/** One atomic statement on a table that survives no crash, which counters needn't. */
export function postgresCounter(database: Database): Counter {
  return {
    async add(key, points, windowSeconds) {
      const windowMs = windowSeconds * 1000;
      const [row] = await database.$queryRaw<{ points: number; reset_ms: bigint }[]>(Prisma.sql`
        WITH clock AS (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms)
        INSERT INTO rate_limits AS r (key, points, expire) SELECT ${key}, ${points}::integer, ms + ${windowMs}::bigint FROM clock
        ON CONFLICT (key) DO UPDATE SET
          points = CASE WHEN r.expire <= EXCLUDED.expire - ${windowMs}::bigint THEN EXCLUDED.points ELSE r.points + EXCLUDED.points END,
          expire = CASE WHEN r.expire <= EXCLUDED.expire - ${windowMs}::bigint THEN EXCLUDED.expire ELSE r.expire END
        RETURNING r.points, r.expire - (SELECT ms FROM clock) AS reset_ms`);
      return { taken: row!.points, resetMs: Number(row!.reset_ms) };
    },
  };
}

/** Forgets windows that are over. */
export const pruneCounters = async (database: Database, nowMs: number): Promise<void> => void (await database.$executeRaw`DELETE FROM rate_limits WHERE expire <= ${BigInt(nowMs)}`);

/** While the shared store fails, this process counts alone: limits then hold per process, and never cease. */
export function degradingCounter(shared: Counter, onDegraded: (error: unknown) => void): Counter {
  const local = memoryCounter();
  return {
    async add(key, points, windowSeconds) {
      try {
        return await shared.add(key, points, windowSeconds);
      } catch (error) {
        onDegraded(error);
        return local.add(key, points, windowSeconds);
      }
    },
  };
}
