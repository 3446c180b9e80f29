import { loadConfig, openFileCustody, readManifest, readSecretFile, runProcess, systemRng } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { nodeConfigSchema } from '../config.ts';
import { openTls } from '../node-tls.ts';
import { startNode } from '../node.ts';

/** A node that is killed in the middle of one of its durable writes, `POINT before` or `POINT after` in TEST_FAULT, or of which that write fails once: `POINT after, failing`. */
let hasFailed = false;
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
      if (hasFailed || process.env['TEST_FAULT'] !== `${point} ${when}, failing`) return;
      hasFailed = true;
      throw new BoopError('test.write-failed', 'the database has gone away', { kind: 'unavailable' });
    },
  });
  onStop(() => running.stop());
});
