import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { parseLogEntry, retentionEnd, type SignedPalmErasure } from '@boop/protocol';
import { partyId } from '@boop/shared';
import { authenticationContext, briefConsentText, capture, consentText, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

const all = [1, 2, 3, 4, 5];
const [brief, lasting] = [randomPalm(rng), randomPalm(rng)];
const device = SigningKey.generate(rng);
let network: MemoryNetwork;

const register = async (palm: Int8Array, text = consentText) => await network.node(1).registrations.run(await enrolment({ ...network.splitter, device }, { 'right-palm': palm }, network.clock.nowMs(), undefined, text));
const authenticate = async (palm: Int8Array, leader = 1) =>
  await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), capture(palm, rng)));
const endOf = (party = 1, changes: { retainUntil?: number; split?: string } = {}): SignedPalmErasure => {
  const { splitHash: split, retainUntil } = network.stores(party).registrations[0]!.record;
  return retentionEnd({ networkId: network.manifest.networkId, accountKey: device.publicKey, split, retainUntil: retainUntil!, ...changes });
};
const erased = (party: number): boolean[] => network.stores(party).registrations.map((registration) => registration.erased !== undefined);

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await register(brief, briefConsentText);
  await register(lasting);
}, 120_000);

afterAll(() => network?.stop());

// The tests tell one story, in order.
describe('a registration with a consent for a day', () => {
  test('is kept for the day, whoever says that it is over, and however', async () => {
    const { record } = network.stores(1).registrations[0]!;
    expect(record.retainUntil).toBe(record.time + 86_400);
    expect(network.stores(1).registrations[1]!.record.retainUntil).toBeUndefined();
    network.offsetMs += 86_390_000;
    for (const party of all) await network.node(party).retention.run();
    const other = network.stores(1).registrations[1]!.record;
    const wrong = [endOf(), endOf(1, { retainUntil: record.time + 60 }), endOf(1, { split: other.splitHash, retainUntil: other.time + 1 }), { ...endOf(), signed: { method: 'retention', split: other.splitHash } } as SignedPalmErasure];
    for (const request of wrong) await expect(network.node(3).erasure.run({ request })).rejects.toMatchObject({ code: 'erasure.not-due' });
    expect(all.map(erased)).toEqual(all.map(() => [false, false]));
    await expect(authenticate(brief)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);

  test('is erased by itself then, at all nodes that are up, and nothing else is', async () => {
    network.offsetMs += 11_000;
    network.kill(4);
    for (const party of [5, 3, 2]) await network.node(party).retention.run();
    expect(erased(1)).toEqual([false, false]);
    await network.node(1).retention.run();
    expect([1, 2, 3, 5].map(erased)).toEqual([1, 2, 3, 5].map(() => [true, false]));
    expect(network.entries.map((entry) => parseLogEntry(entry))).toMatchObject([{ kind: 'erasure', scope: 'templates' }]);
    await expect(authenticate(brief)).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    await expect(authenticate(lasting)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);

  test('also at a node that comes back later, whatever the others do', async () => {
    network.kill(1);
    await network.start(partyId(4));
    await network.node(4).retention.run();
    expect(erased(4)).toEqual([false, false]);
    network.offsetMs += 31_000;
    await network.node(4).retention.run();
    expect(erased(4)).toEqual([true, false]);
    expect(network.node(4).gallery.head).toEqual(network.node(2).gallery.head);
    await network.start(partyId(1));
    expect(network.node(1).gallery.head).toEqual(network.node(4).gallery.head);
  }, 120_000);

  test('may be made anew', async () => {
    await register(brief, briefConsentText);
    await expect(authenticate(brief)).resolves.toMatchObject({ accepted: true, verified: true });
  }, 120_000);
});
