import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyCustody, type NodeCustody, systemClock, systemRng } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Clock, type Rng, toBase64Url } from '@boop/shared';
import { Client } from 'pg';
import { actingKeys } from '../acting-keys.ts';
import { type NodeConfig } from '../config.ts';
import { dataKeyContext } from '../store/sealer.ts';
import { type BackupHeader, type BackupKind, type Note } from './backup-format.ts';
import { createBackupKey } from './backup-key.ts';
import { BackupWriter } from './backup-writer.ts';
import { copyOut, tablesOf } from './database-copy.ts';

export interface BackupInput {
  readonly databaseUrl: string;
  readonly custody: KeyCustody;
  /** Where the custody keeps keys as files; absent for a token. */
  readonly keysDir?: string;
  /** Of the epoch that this node serves, whose members get the shares of the key. */
  readonly manifest: NetworkManifest;
  readonly party: number;
  readonly folder: string;
  readonly kind: BackupKind;
  readonly clock: Clock;
  readonly rng: Rng;
}

export interface CreatedBackup {
  readonly file: string;
  readonly sequence: number;
  readonly digest: string;
}

/**
 * Writes all that this node's database holds, as one transaction sees it, into one file, which is useless without the custody of this node or t+1 of
 * the other custodians. The node may go on meanwhile.
 */
export async function createBackup(input: BackupInput): Promise<CreatedBackup> {
  const { databaseUrl, custody, manifest, party, kind, clock, rng } = input;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // One at a time: each names the one before it.
    await client.query(`SELECT pg_advisory_lock(hashtext('boop-backup'))`);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const last = await client.query<{ sequence: number; digest: Buffer }>('SELECT sequence, digest FROM backups ORDER BY sequence DESC LIMIT 1');
    const place = { networkId: manifest.networkId, party, sequence: (last.rows[0]?.sequence ?? 0) + 1, time: Math.floor(clock.nowMs() / 1000) };
    const { key, ...keys } = await createBackupKey(custody, manifest, place, rng);
    const previous = last.rows[0] && { previous: toBase64Url(new Uint8Array(last.rows[0].digest)) };
    const header: BackupHeader = { v: 1, kind, ...place, identityKey: toBase64Url(custody.identityPublicKey), ...previous, ...keys };
    const file = join(input.folder, fileName(header));
    const digest = await write(client, await BackupWriter.create(file, header, key), input);
    await client.query('INSERT INTO backups (sequence, digest, kind, created_at) VALUES ($1, $2, $3, to_timestamp($4))', [place.sequence, digest, kind, place.time]);
    await client.query('COMMIT');
    return { file, sequence: place.sequence, digest: toBase64Url(digest) };
  } finally {
    await client.end();
  }
}

/** A backup of the node that a configuration describes. */
export async function backUp(input: { config: NodeConfig; custody: NodeCustody; databaseUrl: string; manifest: NetworkManifest; folder: string; kind: BackupKind }): Promise<CreatedBackup> {
  const { config, custody, manifest, ...rest } = input;
  const keysDir = config.custody.kind === 'file' ? { keysDir: config.keysDir } : {};
  return await createBackup({ ...rest, ...keysDir, custody: actingKeys(custody, manifest.members[config.nodeId - 1]!), manifest, party: config.nodeId, clock: systemClock, rng: systemRng });
}

async function write(client: Client, writer: BackupWriter, { custody, keysDir }: BackupInput): Promise<Uint8Array> {
  try {
    await writer.note(keyFiles(keysDir));
    const wrapped = await client.query<{ epoch: number; wrapped: Buffer }>('SELECT epoch, wrapped FROM data_keys ORDER BY epoch');
    const keys = wrapped.rows.map((row) => ({ epoch: row.epoch, key: toBase64Url(custody.unwrapDataKey(new Uint8Array(row.wrapped), dataKeyContext(row.epoch))) }));
    await writer.note({ note: 'data-keys', keys });
    const tables = await tablesOf(client);
    for (const table of tables) {
      await writer.note({ note: 'table', table: table.table, columns: [...table.columns] });
      for await (const bytes of copyOut(client, table)) await writer.data(bytes);
    }
    await writer.note({ note: 'end', tables: tables.length });
    return await writer.finish((message) => custody.signIdentity(message));
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function keyFiles(keysDir: string | undefined): Note {
  const names = keysDir === undefined ? [] : readdirSync(keysDir).filter((name) => statSync(join(keysDir, name)).isFile());
  return { note: 'key-files', files: names.map((name) => ({ name, bytes: toBase64Url(new Uint8Array(readFileSync(join(keysDir!, name)))) })) };
}

const fileName = ({ party, sequence, kind, time }: BackupHeader): string =>
  `node-${party}-${String(sequence).padStart(6, '0')}-${kind}-${new Date(time * 1000).toISOString().replace(/[-:]|\.\d+/g, '')}.backup`;
