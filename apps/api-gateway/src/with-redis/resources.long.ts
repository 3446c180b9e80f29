import { withRedis } from '../testing/suite-redis.ts';

await withRedis('resources', () => import('../resources.int.ts'));
