import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations, readManifest, readSecretFile, runProcess, systemClock, systemRng, TlsFiles } from '@boop/platform';
import { loadLedgerConfig } from './config.ts';
import { startLedger } from './ledger.ts';
import { PrismaMapStore } from './map/prisma-map-store.ts';
import { openVrfKey } from './map/vrf-key.ts';
import { LedgerDatabase } from './store/database.ts';
import { PrismaLogStore } from './store/prisma-log-store.ts';
import { PrismaWitnessStore } from './witness/prisma-witness-store.ts';
import { openWitnessKey, Witness } from './witness/witness.ts';

const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

runProcess('ledger', async ({ log, onStop }) => {
  const config = loadLedgerConfig(process.env['BOOP_CONFIG'], process.env);
  const databaseUrl = readSecretFile(config.databaseUrlFile);
  const applied = await applyMigrations(databaseUrl, MIGRATIONS);
  const database = LedgerDatabase.open(databaseUrl);
  onStop(() => database.close());
  const tls = new TlsFiles(config.tls, log);
  onStop(() => tls.stop());
  const ledger = await startLedger({
    config,
    manifest: readManifest(config.manifestFile),
    chainFile: join(dirname(config.tls.keyFile), 'manifests.json'),
    tls,
    witness: config.witness && new Witness(config.witness.logs, { key: openWitnessKey(config.witness.keyFile, config.witness.name, systemRng), store: new PrismaWitnessStore(database), clock: systemClock }),
    databaseUrl,
    store: new PrismaLogStore(database),
    mapStore: new PrismaMapStore(database),
    vrfKey: openVrfKey(config.vrfKeyFile, systemRng),
    feeSchedules: config.feeSchedules,
    redisUrl: process.env['REDIS_URL'],
    log,
  });
  onStop(() => ledger.close());
  log.info('serving', { httpPort: ledger.httpPort, linkPort: ledger.linkPort, migrations: applied });
});
