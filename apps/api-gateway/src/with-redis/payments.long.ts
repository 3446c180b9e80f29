import { withRedis } from '../testing/suite-redis.ts';

await withRedis('payments', () => import('../payments/payments.int.ts'));
