import { type KeyCustody } from '@boop/platform';
import { type Epoch, type PartyId, type ProtocolMachine, roundMachine, type Rng } from '@boop/shared';
import { type CipherSuite, keyCeremony, type KeyShare } from '@boop/threshold';
import { type GroupKeyName } from '../link/peer-methods.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { KeyRing } from '../signing/key-ring.ts';
import { MemoryStores } from './memory-stores.ts';

const suites: Record<GroupKeyName, CipherSuite> = {
  token: 'FROST-ED25519-SHA512',
  log: 'FROST-ED25519-SHA512',
  prf: 'FROST-P256-SHA256',
  attributes: 'FROST-P256-SHA256',
  credential: 'FROST-ED25519-SHA512',
};

type Outcome = { readonly kind: 'done'; readonly output: KeyShare } | { readonly kind: 'abort' | 'stalled' };
/** Runs all machines to their end on a simulated network. */
type Simulate = (machines: Map<PartyId, ProtocolMachine<KeyShare>>) => Map<PartyId, Outcome>;

/** Key rings of all parties with the named keys, made by the real ceremony. */
export async function dealtRings(simulate: Simulate, custodies: readonly KeyCustody[], members: MemberVerifier, names: readonly GroupKeyName[], threshold: number, rng: Rng): Promise<KeyRing[]> {
  const parties = custodies.map((_, at) => (at + 1) as PartyId);
  const rings = parties.map(() => new KeyRing(new MemoryStores().keys, { nowMs: () => 0 }));
  for (const name of names) {
    const shared = { parties, threshold, name, suite: suites[name], epoch: 1 as Epoch, context: rng.bytes(16), verify: members.verify };
    const machines = new Map(parties.map((self) => [self, roundMachine(() => keyCeremony({ ...shared, self, sign: (bytes) => custodies[self - 1]!.signIdentity(bytes) }, rng))]));
    const outcomes = simulate(machines);
    const ceremonyId = rng.bytes(16);
    for (const self of parties) {
      const outcome = outcomes.get(self)!;
      if (outcome.kind !== 'done') throw new Error('the ceremony did not finish');
      await rings[self - 1]!.keep(name, ceremonyId, outcome.output);
      await rings[self - 1]!.confirm(name, ceremonyId);
    }
  }
  return rings;
}
