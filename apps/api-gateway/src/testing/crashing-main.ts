import { loadConfig, runProcess } from '@boop/platform';
import { gatewayConfigSchema } from '../config.ts';
import { startGateway } from '../gateway.ts';

/** A gateway that is killed in the middle of one of its durable writes: `POINT before` or `POINT after` in TEST_FAULT. */
runProcess('api-gateway', async ({ log, onStop }) => {
  const config = loadConfig(gatewayConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const gateway = await startGateway(config, {
    log,
    faults: (point, when) => {
      if (process.env['TEST_FAULT'] === `${point} ${when}`) process.kill(process.pid, 'SIGKILL');
    },
  });
  onStop(() => gateway.close());
});
