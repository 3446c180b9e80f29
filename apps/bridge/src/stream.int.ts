import { existsSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { hasRedis, RedisServer } from '@boop/testing';
import { survive } from './testing/survive.ts';

/** Bridges run as processes of their own, from the build; `stream.long.ts` is the whole of it. */
describe('numbered messages while connections and bridges are killed', () => {
  test('the build is there', () => {
    expect(existsSync(new URL('../dist/main.js', import.meta.url))).toBe(true);
  });

  test('none is missed by a client that is cut off 40 times, also when one of two bridges and their Redis are killed', async () => {
    const redis = hasRedis('Redis killed under load') ? await RedisServer.start('forgetful') : undefined;
    try {
      const outcome = await survive({ messages: 4_000, kills: 40, bridges: 2, bridgeKills: 1, ...(redis ? { redis } : {}) });
      expect(outcome).toMatchObject({ last: 4_000, received: 4_000, missed: 0, wrong: 0, told: 0 });
      expect(outcome.connections).toBeGreaterThan(30);
    } finally {
      await redis?.stop();
    }
  }, 600_000);

  test('what short history lost is told', async () => {
    const outcome = await survive({ messages: 2_000, kills: 20, bridges: 1, keep: 10 });
    expect(outcome).toMatchObject({ last: 2_000, missed: 0, wrong: 0 });
    expect(outcome.told).toBeGreaterThan(0);
    expect(outcome.received).toBeLessThan(2_000);
  }, 600_000);
});
