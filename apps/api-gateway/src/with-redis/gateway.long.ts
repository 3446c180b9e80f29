import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../gateway.int.ts'));
