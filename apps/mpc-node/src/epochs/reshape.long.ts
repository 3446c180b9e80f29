import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTokenClaims } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { ProcessNetwork } from '../testing/process-network.ts';

const palms = [randomPalm(rng), randomPalm(rng)];
const stranger = randomPalm(rng);
let network: ProcessNetwork;
let vendors = 0;

const authenticate = async (leader: number, palm: Int8Array, manifest: NetworkManifest) => {
  const context = authenticationContext(manifest, rng, Date.now(), { vendorId: `vendor-${(vendors += 1)}`, sector: 'vendor.example' });
  return await network.request(leader, 'authentication.run', await probe({ ...network.splitter, manifest }, context, capture(palm, rng)), 30_000);
};
const subjectOf = async (leader: number, manifest: NetworkManifest) => parseTokenClaims((await authenticate(leader, palms[0]!, manifest)).idToken!).sub;
const reached = async (ids: readonly number[], manifest: NetworkManifest) => {
  for (const id of ids) await network.waitStatus(id, ({ epoch, galleryRows, ready, live }) => epoch === manifest.epoch && galleryRows === palms.length && ready && live.length === manifest.members.length, 300_000);
};

beforeAll(async () => {
  network = await ProcessNetwork.create({ nodes: 5, threshold: 1, places: 7 });
  for (const palm of palms) await network.request(1, 'registration.run', await enrolment(network.splitter, { 'right-palm': palm }, Date.now()), 30_000);
}, 400_000);

afterAll(async () => await network?.stop(), 30_000);

// The tests tell one story, in order.
describe('a network that goes from (5,1) to (7,2) and back', () => {
  let subject: string;

  test('two custodians join and any two nodes learn nothing: the same people under the same names', async () => {
    subject = await subjectOf(2, network.manifest);
    const larger = network.everyPlace(2);
    expect(larger).toMatchObject({ threshold: 2, members: { length: 7 } });
    network.propose(larger);
    for (const id of [6, 7]) await network.start(id);
    await reached([1, 2, 3, 4, 5, 6, 7], larger);
    expect(await subjectOf(7, larger)).toBe(subject);
    await expect(authenticate(6, palms[1]!, larger)).resolves.toMatchObject({ accepted: true, verified: true });
    await expect(authenticate(6, stranger, larger)).resolves.toMatchObject({ accepted: false });
    const { groupKeys } = await network.request(7, 'node.status', {});
    expect(groupKeys.map(({ name, signers }) => [name, signers])).toEqual(expect.arrayContaining([['token', 5], ['log', 5], ['prf', 5]]));
  }, 900_000);

  test('they leave again, and keep nothing', async () => {
    const smaller = { ...network.manifest, epoch: 3 };
    network.propose(smaller);
    await reached([1, 2, 3, 4, 5], smaller);
    expect(await subjectOf(4, smaller)).toBe(subject);
    await expect(authenticate(5, stranger, smaller)).resolves.toMatchObject({ accepted: false });
    for (const id of [6, 7]) {
      const left = async () => await network.query(id, 'SELECT epoch FROM gallery_rows UNION SELECT epoch FROM group_key_shares UNION SELECT epoch FROM data_keys WHERE epoch > 0');
      for (const deadline = Date.now() + 120_000; (await left()).length > 0; await new Promise((resolve) => setTimeout(resolve, 300))) if (Date.now() > deadline) throw new Error(`node ${id} keeps shares`);
    }
  }, 900_000);
});
