import { describe, expect, test } from '@jest/globals';
import { hasRedis, RedisServer } from '@boop/testing';
import { survive } from './testing/survive.ts';

describe('a stream of 100,000 numbered messages', () => {
  test('a client killed and reconnected 1,000 times misses none without being told', async () => {
    const outcome = await survive({ messages: 100_000, kills: 1_000, bridges: 1 });
    expect(outcome).toMatchObject({ last: 100_000, missed: 0, wrong: 0, told: 0 });
    expect(outcome.connections).toBeGreaterThan(900);
  }, 900_000);

  test('the same where history is short: what is lost is told', async () => {
    const outcome = await survive({ messages: 100_000, kills: 1_000, bridges: 1, keep: 40 });
    expect(outcome).toMatchObject({ last: 100_000, missed: 0, wrong: 0 });
    expect(outcome.received + outcome.told).toBeGreaterThan(0);
  }, 900_000);

  test('two bridges, each killed in turn', async () => {
    const outcome = await survive({ messages: 100_000, kills: 1_000, bridges: 2, bridgeKills: 10 });
    expect(outcome).toMatchObject({ last: 100_000, missed: 0, wrong: 0, told: 0 });
  }, 900_000);

  (hasRedis('bridges and a Redis that are killed') ? test : test.skip)('two bridges and their Redis, each killed in turn', async () => {
    const redis = await RedisServer.start('forgetful');
    try {
      const outcome = await survive({ messages: 100_000, kills: 1_000, bridges: 2, bridgeKills: 5, redis });
      expect(outcome).toMatchObject({ last: 100_000, missed: 0, wrong: 0, told: 0 });
    } finally {
      await redis.stop();
    }
  }, 900_000);
});
