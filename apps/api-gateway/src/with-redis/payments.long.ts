import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../payments/payments.int.ts'));
