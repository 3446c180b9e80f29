import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../jobs/jobs.int.ts'));
