import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signAsOwner, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { entryReceiptBytes, type PalmErasure, palmErasureBytes, palmErasureDomain, parseLogEntry, type SignedPalmErasure } from '@boop/protocol';
import { fromBase64Url, partyId, toBase64Url } from '@boop/shared';
import { memberVerifier } from '../sessions/member-keys.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

const all = [1, 2, 3, 4, 5];
const [left, right, other] = [randomPalm(rng), randomPalm(rng), randomPalm(rng)];
const [owner, neighbour] = [SigningKey.generate(rng), SigningKey.generate(rng)];
let network: MemoryNetwork;

const register = async (device: SigningKey, palms: Parameters<typeof enrolment>[1]) => await network.node(1).registrations.run(await enrolment({ ...network.splitter, device }, palms, network.clock.nowMs()));
const authenticate = async (palm: Int8Array, leader = 1) =>
  await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(palm, rng)));
const requestOf = (key: SigningKey, changes: Partial<PalmErasure> = {}): SignedPalmErasure => {
  const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId: network.manifest.networkId, accountKey: key.publicKey, requestedAt: Math.floor(network.clock.nowMs() / 1000), nonce: toBase64Url(rng.bytes(32)), ...changes };
  return { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), key) };
};

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await register(owner, { 'left-palm': left, 'right-palm': right });
  await register(neighbour, { 'right-palm': other });
}, 120_000);

afterAll(() => network?.stop());

// The tests tell one story, in order.
describe('the owner of an account has both palms erased', () => {
  let request: SignedPalmErasure;

  test('nobody else can: another key, an altered request, another network, a request from the future, an unknown account', async () => {
    const foreign = requestOf(owner);
    const wrong: [SignedPalmErasure, string][] = [
      [{ ...foreign, signed: signAsOwner(palmErasureDomain, palmErasureBytes(foreign.record), neighbour) }, 'owner.bad-signature'],
      [{ ...foreign, record: { ...foreign.record, nonce: toBase64Url(new Uint8Array(32)) } }, 'owner.bad-signature'],
      [requestOf(owner, { networkId: 'other-net' }), 'erasure.wrong-network'],
      [requestOf(owner, { requestedAt: Math.floor(network.clock.nowMs() / 1000) + 900 }), 'erasure.time'],
      [requestOf(SigningKey.generate(rng)), 'subject.unknown'],
      // A request that is older than the registration does not mean it.
      [requestOf(owner, { requestedAt: Math.floor(network.clock.nowMs() / 1000) - 3_600 }), 'subject.unknown'],
    ];
    for (const [wrongRequest, code] of wrong) await expect(network.node(2).erasure.run({ request: wrongRequest })).rejects.toMatchObject({ code });
    await expect(authenticate(left)).resolves.toMatchObject({ accepted: true });
  }, 120_000);

  test('all nodes that are up sign that it is done, and the palms are not found any more', async () => {
    network.kill(4);
    request = requestOf(owner);
    const { entry, receipts, pending } = await network.node(2).erasure.run({ request });
    expect(pending).toEqual([4]);
    expect(receipts.map(({ party }) => party)).toEqual([1, 2, 3, 5]);
    const members = memberVerifier(network.manifest);
    for (const { party, signature } of receipts) expect(members.verify(partyId(party), entryReceiptBytes(entry), fromBase64Url(signature))).toBe(true);
    expect(parseLogEntry(entry)).toMatchObject({ kind: 'erasure', scope: 'templates' });
    for (const palm of [left, right]) await expect(authenticate(palm, 3)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    await expect(authenticate(other, 3)).resolves.toMatchObject({ accepted: true, verified: true });
    for (const party of [1, 2, 3, 5]) {
      const stored = network.stores(party).registrations[0]!;
      expect(stored.shares.map((share) => share.some((value) => value !== 0))).toEqual([false, false]);
      expect(stored.erased).toEqual(request);
    }
  }, 120_000);

  test('a node that still has the shares, as from an older backup, takes part in nothing until it has erased them too', async () => {
    await network.start(partyId(4));
    expect(network.node(4).gallery.compare(network.node(1).gallery.head)).toBe('diverged');
    await expect(authenticate(left, 1)).resolves.toMatchObject({ accepted: false });
    await expect(authenticate(other, 1)).resolves.toMatchObject({ accepted: true });
    // What means nothing here, or is signed by nobody, keeps the others back from nothing.
    const useless = [requestOf(SigningKey.generate(rng)), { ...requestOf(neighbour), signed: request.signed }];
    network.hub.onAnswer = (_from, _to, method, body) => (method === 'gallery.erasures' ? { ...(body as object), requests: [...useless, ...(body as { requests: unknown[] }).requests] } : undefined);
    for (let i = 0; i < 4; i++) await network.node(4).sync.catchUp();
    network.hub.onAnswer = undefined;
    expect(network.node(4).gallery.head).toEqual(network.node(1).gallery.head);
    expect(network.stores(4).registrations[0]!.erased).toEqual(request);
    await expect(authenticate(left, 4)).resolves.toMatchObject({ accepted: false });
    await expect(authenticate(other, 4)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);

  test('asked again, all sign the same, and restarts change nothing', async () => {
    const { receipts, pending } = await network.node(4).erasure.run({ request });
    expect([receipts.length, pending]).toEqual([5, []]);
    for (const party of all) {
      network.kill(party);
      await network.start(partyId(party));
    }
    for (const party of all) expect(network.node(party).gallery.head).toEqual(network.node(1).gallery.head);
    await expect(authenticate(right)).resolves.toMatchObject({ accepted: false });
  }, 120_000);

  test('the person may come back, and the old request does not touch the new registration', async () => {
    network.offsetMs += 5_000;
    await register(owner, { 'right-palm': right });
    await expect(authenticate(right)).resolves.toMatchObject({ accepted: true, verified: true });
    await network.node(1).erasure.run({ request });
    await expect(authenticate(right)).resolves.toMatchObject({ accepted: true });
    await expect(authenticate(left)).resolves.toMatchObject({ accepted: false });
    await network.node(3).erasure.run({ request: requestOf(owner) });
    await expect(authenticate(right)).resolves.toMatchObject({ accepted: false });
  }, 120_000);
});
