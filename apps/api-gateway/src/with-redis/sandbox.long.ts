import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../sandbox/sandbox.int.ts'));
