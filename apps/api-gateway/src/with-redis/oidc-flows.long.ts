import { withRedis } from '../testing/suite-redis.ts';

await withRedis('oidc-flows', () => import('../oidc/flows.int.ts'));
