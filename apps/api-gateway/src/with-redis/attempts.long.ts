import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../attempts/attempts.int.ts'));
