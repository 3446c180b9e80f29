import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CustodySettings, systemRng, writeFileAtomic } from '@boop/platform';
import { toBase64Url } from '@boop/shared';
import { signDescriptor, type SignedDescriptor } from './member-descriptor.ts';
import { NodeFolder, type NodeSettings } from './node-folder.ts';

const passphraseBytes = 24;

/**
 * Makes a node's keys where they will stay and says what the others have to know of it. Without a passphrase file a passphrase is drawn, into a file
 * that its custodian should move elsewhere.
 * @throws BoopError `node.folder-taken`, `custody.*`, `config.secret-*`
 */
export async function initNode(dir: string, settings: Omit<NodeSettings, 'v' | 'custody'>, custodySettings: CustodySettings | undefined): Promise<SignedDescriptor> {
  const custody: CustodySettings = custodySettings ?? { kind: 'file', passphraseFile: 'passphrase' };
  const folder = NodeFolder.create(dir, { v: 1, ...settings, custody });
  if (custody.kind === 'file' && custody.passphraseFile === 'passphrase' && !existsSync(resolve(folder.dir, 'passphrase'))) writeFileAtomic(folder.path('passphrase'), `${toBase64Url(systemRng.bytes(passphraseBytes))}\n`);
  const keys = await folder.custody();
  try {
    const { name, jurisdiction, link } = folder.settings;
    const descriptor = signDescriptor(keys, { name, jurisdiction, host: link.host, linkPort: link.port });
    writeFileAtomic(folder.path('member.json'), `${JSON.stringify(descriptor, null, 2)}\n`, 0o644);
    folder.keepSettings();
    return descriptor;
  } finally {
    keys.destroy();
  }
}
