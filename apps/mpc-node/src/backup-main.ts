import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePrivateDirectory, loadConfig, type NodeCustody, openCustody, readManifest, readSecretFile, systemRng } from '@boop/platform';
import { BoopError, isBoopError, toBase64Url } from '@boop/shared';
import { unwrapBackupKey } from './backups/backup-key.ts';
import { BackupReader } from './backups/backup-reader.ts';
import { backUp } from './backups/create-backup.ts';
import { beginRecovery, endRecovery, handOn, recoverKey } from './backups/recovery.ts';
import { checkBackup, restoreBackup } from './backups/restore-backup.ts';
import { committedManifest } from './backups/served-manifest.ts';
import { type NodeConfig, nodeConfigSchema } from './config.ts';
import { migrateDatabase } from './store/database.ts';

/** Backups of one node, beside the node's own process. `BOOP_CONFIG` names its configuration; each command prints one line of JSON. */
const commands = { create, restore, ask, 'hand-on': handOnTo } as const;

type Options = { to?: string; from?: string; for?: string; share?: string[] };

/** `create --to FOLDER`; the node may run. */
async function create(config: NodeConfig, { to }: Options): Promise<object> {
  const databaseUrl = readSecretFile(config.databaseUrlFile);
  await migrateDatabase(databaseUrl);
  const manifest = (await committedManifest(databaseUrl)) ?? readManifest(config.manifestFile);
  const custody = await openKeys(config);
  const folder = required('--to', to);
  ensurePrivateDirectory(folder);
  return await backUp({ config, custody, databaseUrl, manifest, folder, kind: 'manual' });
}

/** `restore --from FILE [--share FILE …]`; the node's database is empty. Without shares the node's own keys open the backup. */
async function restore(config: NodeConfig, { from, share }: Options): Promise<object> {
  const reader = await BackupReader.open(required('--from', from));
  const isRecovery = share !== undefined && share.length > 0;
  checkBackup(reader.header, { networkId: config.networkId, party: config.nodeId, identityKeys: await identityKeys(config, isRecovery) });
  const key = isRecovery ? await recoverKey(recoveryFile(config), reader.header, share.map((file) => readFileSync(file, 'utf8'))) : unwrapBackupKey(await openKeys(config), reader.header);
  const keysDir = keysDirOf(config);
  const { tables } = await restoreBackup({ reader, key, databaseUrl: readSecretFile(config.databaseUrlFile), ...(keysDir && { keysDir }), openCustody: () => openKeys(config) });
  if (isRecovery) endRecovery(recoveryFile(config));
  return { sequence: reader.header.sequence, time: reader.header.time, tables };
}

/** `ask`: begins a restoration without this node's keys. */
async function ask(config: NodeConfig): Promise<object> {
  return { requester: beginRecovery(recoveryFile(config)) };
}

/** `hand-on --from FILE --for KEY`, at another custodian. */
async function handOnTo(config: NodeConfig, options: Options): Promise<object> {
  const { header } = await BackupReader.open(required('--from', options.from));
  if (header.networkId !== config.networkId) throw new BoopError('backup.other-network', 'this backup is of another network');
  return JSON.parse(await handOn(await openKeys(config), header, required('--for', options.for))) as object;
}

const keysDirOf = ({ custody, keysDir }: NodeConfig): string | undefined => (custody.kind === 'file' ? keysDir : undefined);
const recoveryFile = ({ keysDir }: NodeConfig): string => join(dirname(keysDir), 'recovery.key');
const openKeys = async (config: NodeConfig): Promise<NodeCustody> => await openCustody(config.custody, config.keysDir, systemRng);

/** Who this node is: by the manifest that its custodian has, and by its keys where they are. */
async function identityKeys(config: NodeConfig, isRecovery: boolean): Promise<string[]> {
  const named = readManifest(config.manifestFile).members.filter(({ party }) => party === config.nodeId).map(({ identityKey }) => identityKey);
  const hasKeys = keysDirOf(config) === undefined || existsSync(config.keysDir);
  return isRecovery || !hasKeys ? named : [...named, ...(await openKeys(config)).publicKeys('identity').map(toBase64Url)];
}

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new BoopError('config.invalid', `${name} is needed`);
  return value;
}

try {
  const { values, positionals } = parseArgs({ options: { to: { type: 'string' }, from: { type: 'string' }, for: { type: 'string' }, share: { type: 'string', multiple: true } }, allowPositionals: true });
  const [name] = positionals;
  if (name === undefined || !Object.hasOwn(commands, name)) throw new BoopError('config.invalid', `one of ${Object.keys(commands).join(', ')} is needed`);
  const config = loadConfig(nodeConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  process.stdout.write(`${JSON.stringify(await commands[name as keyof typeof commands](config, values))}\n`);
  process.exit(0);
} catch (error) {
  if (!isBoopError(error)) throw error;
  process.stderr.write(`${error.message} (${error.code})\n`);
  process.exit(1);
}
