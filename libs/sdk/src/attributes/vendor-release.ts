import { type AttributeRegistry, checkAgainstRegistry, type OpenedRecord, openRelease, openReleased, type RecipientKey, type Sealed } from '@boop/identity';
import { type AttributeNetwork, networkKeysOf } from './network-keys.ts';

/**
 * Opens what the network released to a vendor: at an authentication, or because the person's device asked for it. Every document is checked
 * under the registry: its kind, an accredited issuer, its time.
 * @param recipient the vendor's HPKE key, which the consent names
 * @param expected keep one `network` object, whose keys' tables take some time to make
 * @throws ReleaseFault `release.bad-partial`; BoopError `release.unreadable`, `attribute.*`
 */
export async function openAttributes(sealed: Sealed, recipient: RecipientKey, expected: { network: AttributeNetwork; registry: AttributeRegistry; now: number }): Promise<OpenedRecord[]> {
  const { records } = await openRelease(recipient, sealed);
  const keys = networkKeysOf(expected.network);
  const opened: OpenedRecord[] = [];
  for (const record of records) {
    checkAgainstRegistry(expected.registry, record.document, expected.now);
    opened.push(await openReleased(record, recipient, keys));
  }
  return opened;
}
