import { describe, expect, test } from '@jest/globals';
import fastify from 'fastify';
import { RateLimits } from '../services/rate-limit.ts';
import { limitRequests } from './limit-requests.ts';

describe('the limit of an address', () => {
  test('refuses what is too much, says when to come back, and leaves other addresses alone', async () => {
    const server = fastify();
    limitRequests(server, new RateLimits(), 3);
    server.get('/', () => 'ok');
    const ask = (remoteAddress: string) => server.inject({ url: '/', remoteAddress });
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask('192.0.2.1')).statusCode);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const refused = await ask('192.0.2.1');
    expect(refused.json()).toMatchObject({ error: 'temporarily_unavailable' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask('192.0.2.2')).statusCode).toBe(200);
    await server.close();
  });
});
