import { withRedis } from '../testing/suite-redis.ts';

await withRedis('gateway', () => import('../gateway.int.ts'));
