import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../registrations/registrations.int.ts'));
