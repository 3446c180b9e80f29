import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../resources.int.ts'));
