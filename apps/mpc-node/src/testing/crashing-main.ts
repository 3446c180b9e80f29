import { loadConfig, openFileCustody, readManifest, readSecretFile, runProcess, systemRng } from '@boop/platform';
import { nodeConfigSchema } from '../config.ts';
import { openTls } from '../node-tls.ts';
import { startNode } from '../node.ts';

/** A node that is killed in the middle of one of its durable writes: `POINT before` or `POINT after` in TEST_FAULT. */
runProcess('mpc-node', async ({ log, onStop }) => {
  const config = loadConfig(nodeConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const custody = openFileCustody(config.keysDir, systemRng);
  const running = await startNode({
    config,
    manifest: readManifest(config.manifestFile),
    custody,
    tls: openTls(config, custody),
    databaseUrl: readSecretFile(config.databaseUrlFile),
    log: log.child({ node: config.nodeId }),
    faults: (point, when) => {
      if (process.env['TEST_FAULT'] === `${point} ${when}`) process.kill(process.pid, 'SIGKILL');
    },
  });
  onStop(() => running.stop());
});
