import { type NetworkManifest, parseManifest } from '@boop/protocol';
import { Client } from 'pg';

/** The manifest of the newest epoch that a node has committed to, as its database says; undefined before the second. */
export async function committedManifest(databaseUrl: string): Promise<NetworkManifest | undefined> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ manifest: unknown }>(`SELECT manifest FROM epochs WHERE state = 'committed' ORDER BY epoch DESC LIMIT 1`);
    return rows[0] && parseManifest(rows[0].manifest);
  } finally {
    await client.end();
  }
}
