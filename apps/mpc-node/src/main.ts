import { loadConfig, loadTlsMaterial, openFileCustody, readManifest, readSecretFile, runProcess, systemRng } from '@boop/platform';
import { nodeConfigSchema } from './config.ts';
import { startNode } from './node.ts';

runProcess('mpc-node', async ({ log, onStop }) => {
  const config = loadConfig(nodeConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const custody = openFileCustody(config.keysDir, systemRng);
  onStop(() => custody.destroy());
  const running = await startNode({
    config,
    manifest: readManifest(config.manifestFile),
    custody,
    tls: loadTlsMaterial(config.tls),
    databaseUrl: readSecretFile(config.databaseUrlFile),
    log: log.child({ node: config.nodeId }),
  });
  onStop(() => running.stop());
});
