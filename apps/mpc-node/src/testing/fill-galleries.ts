import { parseShare, palmStatistic, splitTemplate } from '@boop/mpc';
import { type KeyCustody } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Rng, toBase64Url } from '@boop/shared';
import { type EpochGalleryStore } from '../gallery/gallery-store.ts';
import { preparedBytes } from '../gallery/record.ts';
import { type RegistrationRecord } from '../link/peer-methods.ts';
import { encoder } from './fixtures.ts';

/** What a node that is stopped keeps. */
export interface StoppedNode {
  readonly custody: KeyCustody;
  readonly store: Pick<EpochGalleryStore, 'addCommitted'>;
}

const atOnce = 32;

/**
 * Writes registrations of one palm each straight into the stores of all nodes, as their own registrars would have left them: for measurements over
 * galleries that would take hours to register.
 * @param nodes in the order of the manifest's members; they don't run, and have no rows yet
 * @param palmOf template of the palm in each slot
 */
export async function fillGalleries(manifest: NetworkManifest, nodes: readonly StoppedNode[], count: number, palmOf: (slot: number) => Int8Array, rng: Rng): Promise<void> {
  const parameters = { nodes: nodes.length, threshold: manifest.threshold };
  for (let from = 0; from < count; from += atOnce) {
    const slots = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => from + at);
    const registrations = slots.map((slot) => {
      const record = recordOf(manifest, slot, rng);
      const signatures = nodes.map(({ custody }, at) => ({ party: at + 1, signature: toBase64Url(custody.signIdentity(preparedBytes(record))) }));
      return { record, certificate: { record, signatures }, shares: splitTemplate(palmOf(slot), palmStatistic, parameters, rng) };
    });
    await Promise.all(nodes.map(async ({ store }, at) => await store.addCommitted(registrations.map(({ shares, ...rest }) => ({ ...rest, shares: [parseShare(shares[at]!, palmStatistic)] })))));
  }
}

function recordOf({ networkId, epoch }: NetworkManifest, firstSlot: number, rng: Rng): RegistrationRecord {
  const hash = (): string => toBase64Url(rng.bytes(32));
  const time = Math.floor(Date.now() / 1000);
  return { v: 1, networkId, epoch, sessionId: hash(), splitHash: hash(), consent: hash(), subjectId: toBase64Url(rng.bytes(16)), firstSlot, positions: ['right-palm'], encoder, verified: true, time };
}
