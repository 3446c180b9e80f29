import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDirectory, type KeyCustody, writeFileAtomic } from '@boop/platform';
import { BoopError, fromBase64Url } from '@boop/shared';
import { Client } from 'pg';
import { migrateDatabase } from '../store/database.ts';
import { dataKeyContext } from '../store/sealer.ts';
import { type BackupHeader, malformed, type Note } from './backup-format.ts';
import { type BackupReader, type Chunk } from './backup-reader.ts';
import { advanceSequences, copyIn, isEmpty, type Table, tablesOf, type TableSink } from './database-copy.ts';

export interface RestoreInput {
  readonly reader: BackupReader;
  /** The backup's key; wiped. */
  readonly key: Uint8Array;
  /** Empty. */
  readonly databaseUrl: string;
  /** Where key files go when there are none; absent for a token. */
  readonly keysDir?: string;
  /** Opened once the key files are in their place. */
  readonly openCustody: () => Promise<KeyCustody>;
}

/** @throws BoopError `backup.other-network`, `backup.other-node` */
export function checkBackup(header: BackupHeader, expected: { networkId: string; party: number; identityKeys: readonly string[] }): void {
  if (header.networkId !== expected.networkId) throw new BoopError('backup.other-network', 'this backup is of another network', { kind: 'fatal' });
  if (header.party !== expected.party || !expected.identityKeys.includes(header.identityKey)) throw new BoopError('backup.other-node', 'this backup is of another node', { kind: 'fatal' });
}

/**
 * Fills an empty database with what a backup holds, all or nothing; data keys are wrapped anew by the custody that is there now. A backup older than what
 * the other nodes hold is restored as well: they see that its gallery is behind, and what they have erased is erased here before this node compares with anybody.
 * @throws BoopError `restore.not-empty`, `backup.wrong-key`, `backup.malformed`, `backup.newer-software`
 */
export async function restoreBackup(input: RestoreInput): Promise<{ tables: number }> {
  await migrateDatabase(input.databaseUrl);
  const client = new Client({ connectionString: input.databaseUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    const known = await tablesOf(client);
    if (!(await isEmpty(client, known))) throw new BoopError('restore.not-empty', 'the database of this node is not empty', { kind: 'fatal' });
    const tables = await new Restoration(client, known, input).run();
    await advanceSequences(client);
    await client.query('COMMIT');
    return { tables };
  } finally {
    input.key.fill(0);
    await client.end();
  }
}

/** Follows the order of a backup's notes. */
class Restoration {
  readonly #client: Client;
  readonly #known: readonly Table[];
  readonly #input: RestoreInput;
  #sink: TableSink | undefined;
  #tables = 0;
  #isEnded = false;

  constructor(client: Client, known: readonly Table[], input: RestoreInput) {
    this.#client = client;
    this.#known = known;
    this.#input = input;
  }

  async run(): Promise<number> {
    for await (const chunk of this.#input.reader.chunks(this.#input.key)) await this.#take(chunk);
    if (!this.#isEnded) throw malformed();
    return this.#tables;
  }

  async #take(chunk: Chunk): Promise<void> {
    if (this.#isEnded) throw malformed();
    if ('data' in chunk) {
      if (!this.#sink) throw malformed();
      return await this.#sink.write(chunk.data);
    }
    await this.#sink?.end();
    this.#sink = undefined;
    await this.#note(chunk.note);
  }

  async #note(note: Note): Promise<void> {
    switch (note.note) {
      case 'key-files':
        return putKeyFiles(this.#input.keysDir, note.files);
      case 'data-keys':
        return await this.#putDataKeys(note.keys);
      case 'table':
        this.#sink = copyIn(this.#client, this.#checked(note));
        this.#tables += 1;
        return;
      case 'end':
        if (note.tables !== this.#tables) throw malformed();
        this.#isEnded = true;
    }
  }

  #checked({ table, columns }: Table): Table {
    const known = this.#known.find((candidate) => candidate.table === table);
    if (!known || !columns.every((column) => known.columns.includes(column))) throw new BoopError('backup.newer-software', 'this backup holds what this software does not know', { kind: 'fatal' });
    return { table, columns };
  }

  async #putDataKeys(keys: readonly { epoch: number; key: string }[]): Promise<void> {
    const custody = await this.#input.openCustody();
    for (const { epoch, key } of keys) await this.#client.query('INSERT INTO data_keys (epoch, wrapped) VALUES ($1, $2)', [epoch, Buffer.from(custody.wrapDataKey(fromBase64Url(key), dataKeyContext(epoch)))]);
  }
}

function putKeyFiles(keysDir: string | undefined, files: readonly { name: string; bytes: string }[]): void {
  if (keysDir === undefined || (existsSync(keysDir) && readdirSync(keysDir).length > 0)) return;
  ensurePrivateDirectory(keysDir);
  for (const { name, bytes } of files) writeFileAtomic(join(keysDir, name), fromBase64Url(bytes));
}
