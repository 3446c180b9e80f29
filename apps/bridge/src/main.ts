import { loadConfig, runProcess } from '@boop/platform';
import { bridgeConfigSchema } from './config.ts';
import { startBridge } from './bridge.ts';
import { keepYoungGenerationSmall } from './memory.ts';

keepYoungGenerationSmall();

runProcess('bridge', async ({ log, onStop }) => {
  const config = loadConfig(bridgeConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const bridge = await startBridge(config, { log });
  onStop(() => bridge.close());
});
