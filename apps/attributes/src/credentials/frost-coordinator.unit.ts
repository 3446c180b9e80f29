import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@boop/platform';
import { BoopError, type Epoch, type PartyId, roundMachine, toHex, utf8 } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { commit, keyCeremony, type KeyShare, serializeGroupKey, type SigningNonces, signShare, verifySignature } from '@boop/threshold';
import { FrostCoordinator, type SignerLink } from './frost-coordinator.ts';

const rng = seededRng(5);
const parties = [1, 2, 3, 4, 5] as PartyId[];
const task = { what: 'status-list', issuer: 'https://issuer.example', iat: 1 } as const;
let shares: KeyShare[];

beforeAll(() => {
  const identities = parties.map(() => generateKeyPairSync('ed25519'));
  const shared = { parties, threshold: 3, name: 'credential', suite: 'FROST-ED25519-SHA512', epoch: 1 as Epoch, context: rng.bytes(16), verify: (party: PartyId, bytes: Uint8Array, signature: Uint8Array) => verify(null, bytes, identities[party - 1]!.publicKey, signature) } as const;
  const machines = new Map(parties.map((self) => [self, roundMachine(() => keyCeremony({ ...shared, self, sign: (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, identities[self - 1]!.privateKey)) }, rng))]));
  shares = [...runSimulation(machines).values()].map((outcome) => {
    if (outcome.kind !== 'done') throw new Error(outcome.kind);
    return outcome.output;
  });
});

/** What each party does otherwise than an honest node. */
interface Behaviour {
  readonly down?: boolean;
  readonly message?: string;
  readonly spoil?: boolean;
  readonly refuse?: string;
  readonly vanish?: boolean;
}
let behaviours: Record<number, Behaviour>;
let asked: string[];
beforeEach(() => {
  behaviours = {};
  asked = [];
});

const signerOf = (party: PartyId): SignerLink => {
  const attempts = new Map<string, SigningNonces>();
  return {
    party,
    get connected() {
      return behaviours[party]?.down !== true;
    },
    request(method, body) {
      asked.push(`${party}/${method}`);
      const { message = 'list', spoil, refuse, vanish } = behaviours[party] ?? {};
      const share = shares[party - 1]!;
      if (method === 'credential.commit') {
        if (refuse !== undefined) return Promise.reject(new BoopError(refuse, 'refused'));
        const { nonces, commitment } = commit(share, rng);
        const attempt = rng.bytes(16);
        attempts.set(toHex(attempt), nonces);
        return Promise.resolve({ party, attempt, commitment, message: utf8(message) });
      }
      if (vanish) return Promise.reject(new BoopError('link.down', 'the link broke', { kind: 'unavailable' }));
      const { attempt, commitments } = body as { attempt: Uint8Array; commitments: { party: PartyId; commitment: Uint8Array }[] };
      const made = signShare(share, attempts.get(toHex(attempt))!, new Map(commitments.map((each) => [each.party, each.commitment])), utf8(message));
      if (spoil) made[0]! ^= 1;
      return Promise.resolve({ party, share: made });
    },
  };
};
const links = parties.map(signerOf);
const coordinator = () => new FrostCoordinator({ signers: () => links, groupKey: () => Promise.resolve(serializeGroupKey(shares[0]!.group)), log: silentLogger });
const unavailable = expect.objectContaining({ code: 'mpc.nodes-unavailable', kind: 'unavailable' });

describe('2t+1 of five nodes sign', () => {
  test.each<[string, Record<number, Behaviour>]>([
    ['when all are honest', {}],
    ['when two are down', { 1: { down: true }, 4: { down: true } }],
    ['when one would sign something else', { 1: { message: 'another list' } }],
    ['when one spoils its share', { 2: { spoil: true } }],
    ['when one vanishes between the rounds', { 3: { vanish: true } }],
    ['when one refuses and one spoils', { 1: { refuse: 'credential.unknown' }, 2: { spoil: true } }],
  ])('%s', async (_, change) => {
    behaviours = change;
    const { message, signature } = await coordinator().sign(task);
    expect(Buffer.from(message).toString()).toBe('list');
    expect(verifySignature(shares[0]!.group, message, signature)).toBe(true);
  });
});

test('too few that agree sign nothing', async () => {
  behaviours = { 1: { message: 'a' }, 2: { message: 'b' }, 3: { down: true } };
  await expect(coordinator().sign(task)).rejects.toEqual(unavailable);
  behaviours = { 1: { down: true }, 2: { down: true }, 3: { down: true } };
  await expect(coordinator().sign(task)).rejects.toEqual(unavailable);
  expect(asked.some((call) => call.endsWith('sign'))).toBe(false);
});

test('a refusal that leaves no quorum is passed on', async () => {
  for (const party of [1, 2, 3]) behaviours[party] = { refuse: 'credential.unknown-attribute' };
  await expect(coordinator().sign(task)).rejects.toEqual(expect.objectContaining({ code: 'credential.unknown-attribute' }));
});
