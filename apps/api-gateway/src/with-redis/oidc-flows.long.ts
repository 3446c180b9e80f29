import { withRedis } from '../testing/with-redis.ts';

await withRedis(() => import('../oidc/flows.int.ts'));
