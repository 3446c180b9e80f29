import { describeError, type Logger } from '@boop/platform';
import { Redis } from 'ioredis';
import { Counter as MetricsCounter, type Registry } from 'prom-client';
import { RateLimits } from '../services/rate-limit.ts';
import { type Database } from '../store/database.ts';
import { degradingCounter, postgresCounter, redisCounter } from './counter.ts';

/** A request never waits longer than this for its count. */
const commandTimeoutMsDefault = 250;
const logEveryMs = 10_000;

/** Limits that all replicas share: in Redis where there is one, else in PostgreSQL. */
export function openLimits(use: { redisUrl: string | undefined; database: Database; registry: Registry; log: Logger; commandTimeoutMs?: number }): { limits: RateLimits; close(): Promise<void> } {
  const { redisUrl, database, registry, log, commandTimeoutMs = commandTimeoutMsDefault } = use;
  const degraded = new MetricsCounter({ name: 'boop_rate_limits_degraded_total', help: 'Counts that were kept in this process because the shared store failed', registers: [registry] });
  const redis = redisUrl === undefined ? undefined : openRedis(redisUrl, commandTimeoutMs);
  let loggedAtMs = -Infinity;
  const counter = degradingCounter(redis ? redisCounter(redis) : postgresCounter(database), (error) => {
    degraded.inc();
    if (performance.now() - loggedAtMs < logEveryMs) return;
    loggedAtMs = performance.now();
    log.warn('rate limits hold per process only: their store fails', { store: redis ? 'redis' : 'postgresql', error: describeError(error) });
  });
  return { limits: new RateLimits(counter), close: async () => redis?.disconnect() };
}

function openRedis(url: string, commandTimeout: number): Redis {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout, connectTimeout: 2_000, retryStrategy: (times) => Math.min(times * 100, 2_000) });
  // What fails shows with each count.
  redis.on('error', () => undefined);
  return redis;
}
