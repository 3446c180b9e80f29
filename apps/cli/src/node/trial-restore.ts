import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startEmbeddedPostgres } from '@boop/platform';
import { runBackupTool } from './run-backup-tool.ts';

/**
 * Restores a backup with the keys of the node's folder into a database server that is there for this alone and goes with all it holds. The node may run meanwhile.
 * @returns what the restoration answered
 */
export async function trialRestore(folder: string, backup: string): Promise<Record<string, unknown>> {
  const dir = await mkdtemp(join(tmpdir(), 'boop-trial-'));
  try {
    const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: await freePort(), databases: [{ name: 'trial', user: 'trial' }] });
    try {
      const databaseUrlFile = join(dir, 'database.url');
      await writeFile(databaseUrlFile, postgres.urls['trial']!, { mode: 0o600 });
      return await runBackupTool(folder, ['restore', '--from', backup], { BOOP_DATABASE_URL_FILE: databaseUrlFile });
    } finally {
      await postgres.stop();
    }
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
