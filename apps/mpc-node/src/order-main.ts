import { parseArgs } from 'node:util';
import { loadConfig, openCustody, readManifest, readSecretFile, systemRng } from '@boop/platform';
import { custodianOrderMessage, custodianOrderOf } from '@boop/protocol';
import { BoopError, isBoopError, toBase64Url } from '@boop/shared';
import { actingKeys } from './acting-keys.ts';
import { committedManifest } from './backups/served-manifest.ts';
import { nodeConfigSchema } from './config.ts';

/**
 * A custodian's word about an order that concerns a person, beside the node's own process. `BOOP_CONFIG` names the node's configuration; prints one line
 * of JSON: what the document says, and with `--sign` the signature of the identity key that the manifest in force names.
 */
async function run(document: string, isSigned: boolean): Promise<object> {
  const config = loadConfig(nodeConfigSchema, { file: process.env['BOOP_CONFIG'], env: process.env, prefix: 'BOOP' });
  const manifest = (await committedManifest(readSecretFile(config.databaseUrlFile))) ?? readManifest(config.manifestFile);
  const order = custodianOrderOf(document, manifest);
  if (!isSigned) return { record: order.record };
  const custody = actingKeys(await openCustody(config.custody, config.keysDir, systemRng), manifest.members[config.nodeId - 1]!);
  return { record: order.record, party: config.nodeId, signature: toBase64Url(custody.signIdentity(custodianOrderMessage(order))) };
}

try {
  const { values } = parseArgs({ options: { document: { type: 'string' }, sign: { type: 'boolean', default: false } } });
  if (values.document === undefined) throw new BoopError('config.invalid', '--document is needed');
  process.stdout.write(`${JSON.stringify(await run(values.document, values.sign))}\n`);
  process.exit(0);
} catch (error) {
  if (!isBoopError(error)) throw error;
  process.stderr.write(`${error.message} (${error.code})\n`);
  process.exit(1);
}
