import { afterAll, expect, test } from '@jest/globals';
import { RedisServer } from '@boop/testing';
import { Redis } from 'ioredis';
import { TestGateway } from './test-gateway.ts';

/**
 * Runs a suite, which knows nothing of it, with gateways that share a Redis; fails where there is none to share.
 * @param suite imports the file of the suite
 */
export async function withRedis(suite: () => Promise<unknown>): Promise<void> {
  const server = await RedisServer.start('append-only');
  TestGateway.redisUrl = server.url;
  await suite();
  test('both the queue and the limits stood in Redis', async () => {
    const redis = new Redis(server.url);
    try {
      expect(await redis.exists('bull:boop-gateway:meta')).toBe(1);
      expect(await redis.keys('boop:limit:*')).not.toEqual([]);
    } finally {
      redis.disconnect();
    }
  });
  afterAll(async () => await server.stop());
}
