import { describe, expect, test } from '@jest/globals';
import { silentLogger, systemRng as rng } from '@boop/platform';
import { manifestDigest, type NetworkManifest } from '@boop/protocol';
import { partyId } from '@boop/shared';
import { TokenRollover } from '../ceremony/token-rollover.ts';
import { type AssembledNode } from '../assemble.ts';
import { type EpochHost } from './epoch-host.ts';
import { EpochMember } from './epoch-member.ts';
import { type EpochStore } from './epoch-store.ts';

const takesOverAt = 10_000;
const ring = { isRollingOver: true };
const clock = { nowMs: () => 9_500_000 };
const manifest = { networkId: 'net', epoch: 2, threshold: 1, members: [1, 2, 3].map((party) => ({ party })) } as unknown as NetworkManifest;
const unused = new Proxy({}, { get: (_, name) => () => Promise.reject(new Error(`${String(name)} is not to be used`)) });
const begun: Uint8Array[] = [];

const member = new EpochMember({
  self: partyId(2),
  host: { current: () => ({ node: { network: { networkId: 'net', epoch: 1, threshold: 1 }, ring } as unknown as AssembledNode, shares: unused }), proposal: () => manifest } as unknown as EpochHost,
  store: { load: () => Promise.resolve([]), begin: (_epoch: number, attempt: Uint8Array) => Promise.resolve(void begun.push(attempt)) } as unknown as EpochStore,
  runner: unused as never,
  entries: unused as never,
  signAs: () => new Uint8Array(64),
  clock,
  rng,
  log: silentLogger,
});

describe('a token key that is announced', () => {
  test('takes over before the next epoch begins, of which all shares are of the key in use', async () => {
    const attempt = rng.bytes(16);
    const begin = () => member.handlers['epoch.begin'](partyId(1), { attempt, to: 2, manifest: manifestDigest(manifest), dealers: [1, 2, 3], threshold: 1 });
    await expect(begin()).rejects.toMatchObject({ code: 'epoch.key-pending', kind: 'unavailable' });
    expect(begun).toEqual([]);
    ring.isRollingOver = false;
    await begin();
    expect(begun).toEqual([attempt]);
    ring.isRollingOver = true;
    await expect(member.handlers['epoch.ready'](partyId(1), { attempt, head: { rows: 0, digest: '' }, time: 9_500 })).rejects.toMatchObject({ code: 'epoch.key-pending' });
  });

  test('is not made by a node that has signed that it is ready for another epoch', async () => {
    let isLeaving = true;
    const made: string[] = [];
    const share = { group: { publicKey: rng.bytes(32) } };
    const rollover = new TokenRollover({
      network: { self: partyId(2), parties: [1, 2, 3].map(partyId) } as never,
      peers: unused as never,
      ceremonies: { make: (name: string) => Promise.resolve(made.push(name)).then(() => share) } as never,
      ring: { nextStatus: () => undefined, keepNext: () => Promise.resolve() } as never,
      schedule: { periodSeconds: takesOverAt, announceSeconds: 600 },
      isLeaving: () => Promise.resolve(isLeaving),
      clock,
      rng,
      log: silentLogger,
    });
    const join = () => rollover.join(partyId(1), { ceremonyId: rng.bytes(16), takesOverAt });
    await expect(join()).rejects.toMatchObject({ code: 'ceremony.epoch-ends', kind: 'unavailable' });
    expect(made).toEqual([]);
    isLeaving = false;
    expect(await join()).toEqual({ publicKey: share.group.publicKey });
  });
});
