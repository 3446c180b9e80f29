import { loadConfig, runProcess, startHealthServer } from '@boop/platform';
import { z } from 'zod';

const address = z.object({ host: z.string(), port: z.number() });

/** Stands for any process of a network: reads its configuration, serves health, ends when told. A node whose id is in FAKE_CRASH fails at once. */
runProcess('fake', async ({ log, onStop }) => {
  const config = loadConfig(z.looseObject({ health: address.optional(), http: address.optional(), nodeId: z.number().optional() }), {
    file: process.env['BOOP_CONFIG'],
    env: {},
    prefix: 'BOOP',
  });
  if (config.nodeId === Number(process.env['FAKE_CRASH'])) throw new RangeError('this node was told to crash');
  const startedMs = Date.now();
  const server = await startHealthServer({ ...(config.health ?? config.http)!, ready: () => ({ ready: Date.now() - startedMs > 50 }) });
  onStop(() => server.close());
  log.info('listening');
});
