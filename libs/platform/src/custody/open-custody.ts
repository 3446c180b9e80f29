import { type Rng } from '@boop/shared';
import { z } from 'zod';
import { readSecretFile } from '../config/secret-file.ts';
import { openFileCustody } from './file-custody.ts';
import { type NodeCustody } from './key-custody.ts';
import { openPkcs11Custody } from './pkcs11-custody.ts';

const path = z.string().min(1);

/** Where a node's keys are: in its `keysDir`, or in a token. Passphrase and PIN are files of mode 0600. */
export const custodySettingsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), passphraseFile: path.optional() }),
  z.strictObject({
    kind: z.literal('pkcs11'),
    /** The token's PKCS#11 module, a shared library. */
    module: path,
    tokenLabel: z.string().min(1).max(32),
    pinFile: path,
  }),
]);
export type CustodySettings = z.infer<typeof custodySettingsSchema>;

/** @throws BoopError as {@link openFileCustody} and {@link openPkcs11Custody}; `config.secret-exposed`, `config.secret-unreadable` */
export async function openCustody(settings: CustodySettings, keysDir: string, rng: Rng): Promise<NodeCustody> {
  if (settings.kind === 'file') return openFileCustody(keysDir, rng, settings.passphraseFile === undefined ? undefined : readSecretFile(settings.passphraseFile));
  return await openPkcs11Custody({ module: settings.module, token: settings.tokenLabel, pin: readSecretFile(settings.pinFile) });
}
