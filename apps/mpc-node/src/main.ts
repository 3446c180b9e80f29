import { fileURLToPath } from 'node:url';
import { loadConfig, openCustody, readManifest, readSecretFile, releaseDigest, runProcess, systemRng } from '@boop/platform';
import { nodeConfigSchema } from './config.ts';
import { letOldGenerationGrow } from './memory.ts';
import { openTls } from './node-tls.ts';
import { startNode } from './node.ts';

letOldGenerationGrow();

runProcess('mpc-node', async ({ log, onStop }) => {
  const config = loadConfig(nodeConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const custody = await openCustody(config.custody, config.keysDir, systemRng);
  onStop(() => custody.destroy());
  const running = await startNode({
    config,
    manifest: readManifest(config.manifestFile),
    custody,
    tls: openTls(config, custody),
    databaseUrl: readSecretFile(config.databaseUrlFile),
    software: config.software ?? (await releaseDigest(fileURLToPath(import.meta.url))),
    log: log.child({ node: config.nodeId }),
  });
  onStop(() => running.stop());
});
