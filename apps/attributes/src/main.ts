import { dirname, join } from 'node:path';
import { loadConfig, readManifest, readSecretFile, runProcess, TlsFiles } from '@boop/platform';
import { attributesConfigSchema } from './config.ts';
import { startAttributes } from './process.ts';

runProcess('attributes', async ({ log, onStop }) => {
  const config = loadConfig(attributesConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const tls = new TlsFiles(config.tls, log);
  onStop(() => tls.stop());
  const running = await startAttributes({ config, manifest: readManifest(config.manifestFile), chainFile: join(dirname(config.tls.keyFile), 'manifests.json'), tls, databaseUrl: readSecretFile(config.databaseUrlFile), log });
  onStop(() => running.stop());
});
