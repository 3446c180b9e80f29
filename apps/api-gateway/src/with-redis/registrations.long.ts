import { withRedis } from '../testing/suite-redis.ts';

await withRedis('registrations', () => import('../registrations/registrations.int.ts'));
