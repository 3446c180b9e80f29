import { withRedis } from '../testing/suite-redis.ts';

await withRedis('jobs', () => import('../jobs/jobs.int.ts'));
