import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type BoopError, type PartyId } from '@boop/shared';
import { seededRng, seededUint32 } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm, sealShares } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';
import { cheatingProbe } from './testing/cheating-splitter.ts';
import { sessionIdOf } from '@boop/identity';

const rng = seededRng(41);
const palm = randomPalm(rng);
let network: MemoryNetwork;

const context = () => authenticationContext(network.manifest, rng, network.clock.nowMs());
const authenticate = async (leader: number) => await network.node(leader).authentications.run(await probe(network.splitter, context(), capture(palm, rng))).catch((error: BoopError) => error.code);

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
}, 120_000);
afterAll(() => network.stop());
afterEach(() => {
  network.hub.onSession = undefined;
  network.hub.onRequest = undefined;
  network.offsetMs += 11 * 60_000;
  network.blames.length = 0;
});

describe('a peer that sends garbage', () => {
  const next = seededUint32(3);
  test.each<[string, (payload: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array(0)],
    ['one byte', () => Uint8Array.of(7)],
    ['random bytes of the right length', (payload) => payload.map(() => next() & 255)],
    ['far too much', (payload) => new Uint8Array(payload.length + 100_000)],
    ['another round', (payload) => payload.map((byte, i) => (i === 0 ? 255 : byte))],
  ])('%s: its session ends, others go on, no honest node is named', async (_name, spoil) => {
    const liar = 4 as PartyId;
    network.hub.onSession = (from, _to, payload) => (from === liar ? spoil(payload) : payload.slice());
    const spoilt = await authenticate(1);
    expect(['mpc.aborted', 'mpc.nodes-unavailable', 'split.invalid-form']).toContain(spoilt);
    network.hub.onSession = undefined;
    for (const leader of [1, 2]) await expect(authenticate(leader)).resolves.toMatchObject({ accepted: true, verified: true });
    for (const { named } of network.blames) expect(named.filter((party) => party !== liar)).toEqual([]);
  }, 120_000);
});

describe('a template', () => {
  test.each<[string, string, (share: Uint8Array) => Uint8Array]>([
    ['that is too short', 'share.malformed', (share) => share.slice(0, -2)],
    ['that is too long', 'share.malformed', (share) => Uint8Array.of(...share, 0, 0)],
    ['with a residue beyond the field', 'share.malformed', (share) => share.map((byte, i) => (i < 2 ? 255 : byte))],
    ['of zero bytes', 'share.malformed', () => new Uint8Array(0)],
  ])('%s is refused by its code', async (_name, code, spoil) => {
    const authentication = context();
    const header = { purpose: 'authentication' as const, sessionId: sessionIdOf(authentication), items: [{ role: 'probe' as const, valid: 1024 }] };
    const split = await sealShares(network.splitter, header, network.manifest.members.map(() => spoil(new Uint8Array(8192))));
    await expect(network.node(1).authentications.run({ context: authentication, split })).rejects.toMatchObject({ code });
  });

  test('of another encoder is refused by its code', async () => {
    const request = await probe(network.splitter, context(), palm, { encoder: 'iris-1' });
    await expect(network.node(1).authentications.run(request)).rejects.toMatchObject({ code: 'template.unknown-encoder' });
  });

  test('that is well-formed and declared light is refused before anything is computed', async () => {
    const light = await cheatingProbe(network.splitter, context(), { values: palm, valid: 36 });
    await expect(network.node(1).authentications.run(light)).rejects.toMatchObject({ code: 'split.invalid-form' });
  });
});
