import { CustodianTls, type KeyUse, type NodeCustody } from '@boop/platform';
import { NodeFolder } from './node-folder.ts';
import { manifestInForce, ownParty, propose, withKey } from './next-manifest.ts';

/**
 * A new TLS key and certificate under the identity key. A running node takes it up by itself.
 * @returns when the certificate ends
 */
export async function rotateTls(dir: string): Promise<Date> {
  const folder = NodeFolder.open(dir);
  const manifest = await manifestInForce(folder);
  const custody = await folder.custody();
  try {
    const tls = tlsOf(folder, custody, manifest.networkId, ownParty(manifest, custody.publicKeys('identity')));
    await tls.rotate([manifest]);
    return tls.notAfter()!;
  } finally {
    custody.destroy();
  }
}

/**
 * One more identity or HPKE key, and the next epoch's manifest that names it: the old key serves until that epoch does, and both while sessions of the old one
 * end. Asked again before the change, it proposes the key that is there.
 */
export async function rotateKey(dir: string, use: KeyUse): Promise<{ file: string; digest: string | undefined }> {
  const folder = NodeFolder.open(dir);
  const manifest = await manifestInForce(folder);
  const custody = await folder.custody();
  try {
    const party = ownParty(manifest, custody.publicKeys('identity'));
    const inForce = Buffer.from(manifest.members[party - 1]![use === 'identity' ? 'identityKey' : 'hpkeKey'], 'base64url');
    const held = custody.publicKeys(use);
    const waiting = held.slice(held.findIndex((key) => inForce.equals(key)) + 1)[0];
    return await propose(folder, withKey(manifest, party, use, waiting ?? custody.createKey(use)));
  } finally {
    custody.destroy();
  }
}

/** TLS of the node in this folder, as its process has it. */
export function tlsOf(folder: NodeFolder, custody: NodeCustody, networkId: string, party: number): CustodianTls {
  return new CustodianTls({ file: folder.path('tls', 'tls.json'), servicesFile: folder.path('services.pem'), networkId, party, custody });
}
