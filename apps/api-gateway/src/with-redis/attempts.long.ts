import { withRedis } from '../testing/suite-redis.ts';

await withRedis('attempts', () => import('../attempts/attempts.int.ts'));
