import { withRedis } from '../testing/suite-redis.ts';

await withRedis('sandbox', () => import('../sandbox/sandbox.int.ts'));
