import { readManifest, readSecretFile, runProcess } from '@boop/platform';
import { StoredAccountsCheck } from './accounts/check.ts';
import { checkLedger } from './check/check-ledger.ts';
import { loadLedgerConfig } from './config.ts';
import { PrismaMapStore } from './map/prisma-map-store.ts';
import { LedgerDatabase } from './store/database.ts';
import { PrismaLogStore } from './store/prisma-log-store.ts';

/** Checks the ledger of a configuration: one line of JSON on standard output, exit status 0 or 1. */
runProcess('ledger-check', async ({ onStop }) => {
  const config = loadLedgerConfig(process.env['BOOP_CONFIG'], process.env);
  const databaseUrl = readSecretFile(config.databaseUrlFile);
  const database = LedgerDatabase.open(databaseUrl);
  onStop(() => database.close());
  const report = await checkLedger({
    origin: readManifest(config.manifestFile).logOrigin,
    logStore: new PrismaLogStore(database),
    mapStore: new PrismaMapStore(database),
    accounts: new StoredAccountsCheck(databaseUrl),
  });
  await database.close();
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit(report.ok ? 0 : 1);
});
