import { loadConfig, runProcess } from '@boop/platform';
import { gatewayConfigSchema } from './config.ts';
import { startGateway } from './gateway.ts';

runProcess('api-gateway', async ({ log, onStop }) => {
  const config = loadConfig(gatewayConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const gateway = await startGateway(config, { log });
  onStop(() => gateway.close());
});
