import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTokenClaims, signAsOwner, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { entryReceiptBytes, followManifests, type ManifestLink, type NetworkManifest, type PalmErasure, palmErasureBytes, palmErasureDomain, parseLogEntry, type RegistrationEntry, verifyFirstManifest } from '@boop/protocol';
import { fromBase64Url, isBoopError, partyId, toBase64Url } from '@boop/shared';
import { memberVerifier } from '../sessions/member-keys.ts';
import { authenticationContext, capture, consentText, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { crashOnTheWay, waitErased } from '../testing/epoch-crash-suite.ts';
import { insist, insistVerified } from '../testing/insist.ts';
import { ProcessNetwork } from '../testing/process-network.ts';

const palms = [randomPalm(rng), randomPalm(rng)];
/** Of their registrations. */
const splits: string[] = [];
const stranger = randomPalm(rng);
const thirdOwner = SigningKey.generate(rng);
const all = [1, 2, 3, 4, 5];
let network: ProcessNetwork;
let next: NetworkManifest;

const splitterOf = (manifest: NetworkManifest) => ({ ...network.splitter, manifest });
const vendor = { n: 0 };
/** Terminals and vendors of their own, so that no budget of attempts is used up. */
const contextOf = (manifest: NetworkManifest) => authenticationContext(manifest, rng, Date.now(), { vendorId: `vendor-${(vendor.n += 1)}`, sector: 'vendor.example' });
const probeOf = async (template: Int8Array, manifest: NetworkManifest) => await probe({ ...splitterOf(manifest), device: SigningKey.generate(rng) }, contextOf(manifest), capture(template, rng));

const ask = async (leader: number, template: Int8Array, manifest: NetworkManifest) => await network.request(leader, 'authentication.run', await probeOf(template, manifest), 30_000);
/** One decision; what is unavailable for the moment is asked for again, as terminals do. */
const decide = async (...of: Parameters<typeof ask>) => await insist(() => ask(...of));
/** Also while too few nodes are in time for it to be verified. */
const decideVerified = async (...of: Parameters<typeof ask>) => await insistVerified(() => ask(...of));

beforeAll(async () => {
  network = await ProcessNetwork.create({ nodes: 5, threshold: 1, drainSeconds: 30 });
  for (const palm of palms) {
    const { entry } = await insist(async () => await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()), 60_000));
    splits.push((parseLogEntry(entry) as RegistrationEntry).split);
  }
  next = { ...network.manifest, epoch: 2 };
}, 300_000);

afterAll(async () => await network?.stop(), 120_000);

interface Tally {
  asked: number;
  retried: number;
  wrong: string[];
}

/** Authenticates without pause, as terminals do that know the manifest the network serves; what fails as unavailable is tried once more. */
async function load(tally: Tally, until: () => boolean, seed: number): Promise<void> {
  for (let i = seed; !until(); i++) {
    const isKnown = i % 3 > 0;
    const palm = isKnown ? palms[i % 2]! : stranger;
    for (let attempt = 0; ; attempt++) {
      const leader = 1 + ((i + attempt) % 5);
      try {
        const { epoch } = await network.request(leader, 'node.status', {});
        const answer = await network.request(leader, 'authentication.run', await probeOf(palm, epoch === 2 ? next : network.manifest), 20_000);
        tally.asked += 1;
        if (answer.accepted !== isKnown) tally.wrong.push(`${isKnown ? 'palm' : 'stranger'} ${i}: ${answer.reason}`);
        break;
      } catch (error) {
        if (!isBoopError(error) || error.kind !== 'unavailable' || attempt >= 300) {
          tally.wrong.push(isBoopError(error) ? error.code : String(error));
          break;
        }
        tally.retried += 1;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}

// The tests tell one story, in order.
describe('a network that changes its shares', () => {
  const tally: Tally = { asked: 0, retried: 0, wrong: [] };
  let subjectBefore: unknown;
  let subjectOfSecond: unknown;
  /** Of all galleries, erased and replaced ones too. */
  let rows = 3;

  test('brings all nodes to the next epoch, with every decision right and a registration in between', async () => {
    const before = await decide(1, palms[0]!, network.manifest);
    subjectBefore = parseTokenClaims(before.idToken!).sub;
    const keysBefore = (await insist(() => network.request(1, 'node.status', {}))).groupKeys;
    let reached = false;
    const loads = [load(tally, () => reached, 0), load(tally, () => reached, 1)];
    const third = randomPalm(rng);
    const registered = insist(async () => {
      const { epoch } = await network.request(2, 'node.status', {});
      return await network.request(2, 'registration.run', await enrolment({ ...splitterOf(epoch === 2 ? next : network.manifest), device: thirdOwner }, { 'right-palm': third }, Date.now()), 60_000);
    }, 200);
    registered.catch(() => undefined);
    network.propose(next);
    await network.waitStatus(1, ({ epoch }) => epoch === 2, 120_000);
    // Sealed to the old epoch, as by a terminal that has not heard of the new one: decided there, as long as its shares are not erased, half a minute from now on.
    const late = await decide(1, palms[1]!, network.manifest);
    expect([late.accepted, parseTokenClaims(late.idToken!).boop.epoch]).toEqual([true, 1]);
    for (const id of all) await network.waitStatus(id, ({ epoch }) => epoch === 2, 120_000);
    await expect(registered).resolves.toMatchObject({ verified: true });
    palms.push(third);
    reached = true;
    await Promise.all(loads);
    expect(tally.wrong).toEqual([]);
    expect(tally.asked).toBeGreaterThan(5);
    expect((await insist(() => network.request(3, 'node.status', {}))).groupKeys).toEqual(keysBefore);
    for (const id of all) await network.waitStatus(id, ({ epoch, galleryRows, ready }) => epoch === 2 && galleryRows === 3 && ready);
  }, 400_000);

  test('the new shares recognise the same people under the same names, and no others', async () => {
    const again = await decideVerified(4, palms[0]!, next);
    expect(again).toMatchObject({ accepted: true, verified: true });
    expect(parseTokenClaims(again.idToken!).sub).toBe(subjectBefore);
    await expect(decide(5, palms[2]!, next)).resolves.toMatchObject({ accepted: true });
    await expect(decide(5, stranger, next)).resolves.toMatchObject({ accepted: false });
  }, 300_000);

  test('the old epoch is erased: no row, no key share and no data key is left, and its splits are refused', async () => {
    await waitErased(network, 1);
    // Both steps are vouched for: the change by all that took part, the erasure by all that have erased.
    for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 300))) {
      const { manifest, entries } = await insist(() => network.request(1, 'epoch.current', {}));
      expect(manifest).toEqual(next);
      const told = entries.map((vouched) => ({ ...vouched, parsed: parseLogEntry(vouched.entry) })).filter(({ parsed }) => parsed.kind !== 'manifest-vote');
      if (told.length === 2) {
        expect(told.map(({ parsed }) => parsed)).toMatchObject([{ kind: 'epoch', from: 1, to: 2 }, { kind: 'erasure', scope: 'templates', epoch: 2 }]);
        const members = memberVerifier(next);
        for (const { entry, receipts } of told) expect(receipts.map(({ party, signature }) => members.verify(partyId(party), entryReceiptBytes(entry), fromBase64Url(signature)))).toEqual([true, true, true, true, true]);
        break;
      }
      if (Date.now() > deadline) throw new Error('the erasure is not vouched for');
    }
    await expect(decide(1, palms[0]!, network.manifest)).rejects.toMatchObject({ code: 'share.wrong-epoch' });
  }, 300_000);

  test('every node tells the chain of manifests, which anybody can check from the first one on', async () => {
    for (const id of all) {
      const chain = async () => ((await insist(() => network.request(id, 'manifest.chain' as 'epoch.current', { from: 1 } as never))) as unknown as { links: ManifestLink[] }).links;
      for (const deadline = Date.now() + 60_000; (await chain()).length < 2; await new Promise((resolve) => setTimeout(resolve, 300))) if (Date.now() > deadline) throw new Error(`node ${id} has no chain`);
      const [first, ...later] = await chain();
      expect(verifyFirstManifest(first!)).toEqual(network.manifest);
      expect(followManifests(network.manifest, later)).toEqual([next]);
    }
  }, 300_000);

  test('a person is erased from all nodes, and stays so through what follows', async () => {
    const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId: next.networkId, accountKey: thirdOwner.publicKey, requestedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(rng.bytes(32)) };
    const request = { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), thirdOwner) };
    // A node that was late is asked again, as its owner would have it.
    const erase = async () => await insist(() => network.request(2, 'subject.erase', { request }, 30_000));
    let answer = await erase();
    for (const deadline = Date.now() + 60_000; answer.pending.length > 0 && Date.now() < deadline; answer = await erase()) await new Promise((resolve) => setTimeout(resolve, 500));
    expect([answer.receipts.map(({ party }) => party), answer.pending]).toEqual([all, []]);
    await expect(decide(5, palms[2]!, next)).resolves.toMatchObject({ accepted: false });
    await expect(decide(5, palms[0]!, next)).resolves.toMatchObject({ accepted: true });
  }, 300_000);

  test('a person who registers anew stays who they were, through what follows too', async () => {
    const before = await decideVerified(2, palms[1]!, next);
    await insist(async () => await network.request(1, 'registration.run', await enrolment(splitterOf(next), { 'right-palm': capture(palms[1]!, rng) }, Date.now(), undefined, consentText, splits[1]), 60_000));
    rows += 1;
    subjectOfSecond = parseTokenClaims(before.idToken!).sub;
    // With the old row there were two that match, and neither would count.
    expect(parseTokenClaims((await decideVerified(2, palms[1]!, next)).idToken!).sub).toBe(subjectOfSecond);
  }, 300_000);

  test('the leader dies just before it commits the next change: after its restart all get there', async () => {
    next = await crashOnTheWay(network, next, rows, { point: 'epoch.commit', when: 'before', victim: 1 });
    const again = await decideVerified(1, palms[1]!, next);
    expect(again).toMatchObject({ accepted: true, verified: true });
    expect(parseTokenClaims(again.idToken!).sub).toBe(subjectOfSecond);
  }, 600_000);

  test('a node that has lost its disk is dealt shares by the others, with keys of its own', async () => {
    const keys = await network.loseDisk(3);
    next = { ...next, epoch: next.epoch + 1, members: next.members.map((member) => (member.party === 3 ? { ...member, ...keys } : member)) };
    network.propose(next);
    await network.start(3);
    for (const id of all) await network.waitStatus(id, ({ epoch, galleryRows, ready, live }) => epoch === next.epoch && galleryRows === rows && ready && live.length === 5, 150_000);
    for (const palm of palms.slice(0, 2)) await expect(decideVerified(3, palm, next)).resolves.toMatchObject({ accepted: true, verified: true });
    for (const palm of [stranger, palms[2]!]) await expect(decide(3, palm, next)).resolves.toMatchObject({ accepted: false });
    // Three nodes are enough, so its shares are put to the test.
    for (const id of [4, 5]) await network.kill(id);
    await network.waitStatus(3, ({ live }) => live.length === 3);
    await expect(decide(3, palms[0]!, next)).resolves.toMatchObject({ accepted: true, verified: false });
  }, 600_000);
});
