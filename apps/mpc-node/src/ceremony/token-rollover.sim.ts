import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { publicJwk } from '@boop/identity';
import { partyId } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

// The clock that matters is the network's; a busy machine may take its time.
jest.setTimeout(120_000);
const rng = seededRng(7);
const palm = randomPalm(rng);
const all = [1, 2, 3, 4];
const [periodSeconds, announceSeconds] = [10_000, 1_000];
let network: MemoryNetwork;

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 4, threshold: 1 }, rng);
  network.tokenKey = { periodSeconds, announceSeconds };
  network.frozenMs = 1_800_000_000_000;
  for (const party of all) await restart(party);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
});
afterAll(() => network.stop());

async function restart(party: number): Promise<void> {
  network.kill(party);
  await network.start(partyId(party));
}
/** Seconds before (negative) or after the occasion. */
const at = (seconds: number): void => void (network.offsetMs = (periodSeconds + seconds) * 1000);
const settle = async (): Promise<void> => {
  for (const party of [1, ...all]) await network.node(party).rollover.settle();
};
const keysOf = (party: number) => network.node(party).ring.publicKeys().filter(({ name }) => name.startsWith('token'));
const named = (name: string): string | undefined => keysOf(2).find((key) => key.name === name)?.publicKey;
const authenticate = async (leader = 2): Promise<string> => {
  const context = authenticationContext(network.manifest, rng, network.clock.nowMs());
  const answer = await network.node(leader).authentications.run(await probe(network.splitter, context, capture(palm, rng)));
  expect(answer).toMatchObject({ accepted: true });
  return answer.idToken!;
};
/** By a client that knows these keys, while the token is young. */
const verified = async (token: string, ...keys: string[]): Promise<string> => {
  await jwtVerify(token, createLocalJWKSet({ keys: keys.map(publicJwk) }), { currentDate: new Date(decodeJwt(token).iat! * 1000) });
  return decodeProtectedHeader(token).kid!;
};

// The tests tell one story, in order.
describe('the key that signs tokens', () => {
  let old: string;
  let next: string;
  let before: string;

  test('is not made anew before its announcement, nor while a node is away', async () => {
    old = named('token')!;
    at(-announceSeconds - 1);
    await settle();
    expect(keysOf(1)).toHaveLength(1);
    at(-announceSeconds);
    network.kill(3);
    await network.node(1).rollover.settle();
    expect(keysOf(1)).toHaveLength(1);
    await network.start(partyId(3));
  });

  test('is made by all while the old one serves, named by all, and signs nothing yet', async () => {
    network.stores(3).failNext('confirmNext', 'before');
    await settle();
    for (const party of all) expect(keysOf(party).map(({ name, signers }) => [name, signers])).toEqual([['token', 3], ['token-next', 3]]);
    next = named('token-next')!;
    expect(new Set(all.map((party) => JSON.stringify(keysOf(party)))).size).toBe(1);
    expect(next).not.toBe(old);
    before = await authenticate();
    expect(await verified(before, old, next)).toBe(publicJwk(old).kid);
    await settle();
    expect(named('token-next')).toBe(next);
    expect(all.map((party) => network.node(party).ring.isRollingOver)).toEqual([true, true, true, true]);
  });

  test('is refused of a peer that does not lead, for another time, and a second time', async () => {
    const { rollover } = network.node(2);
    const body = { ceremonyId: rng.bytes(16), takesOverAt: (network.clock.nowMs() + announceSeconds * 1000) / 1000 };
    await expect(rollover.join(partyId(3), body)).rejects.toMatchObject({ code: 'ceremony.not-led' });
    await expect(rollover.join(partyId(1), { ...body, takesOverAt: body.takesOverAt + 1 })).rejects.toMatchObject({ code: 'ceremony.not-scheduled' });
    await expect(rollover.join(partyId(1), { ...body, takesOverAt: body.takesOverAt + periodSeconds })).rejects.toMatchObject({ code: 'ceremony.not-scheduled' });
    await expect(rollover.join(partyId(1), body)).rejects.toMatchObject({ code: 'keys.confirmed' });
    expect(named('token-next')).toBe(next);
  });

  test('takes over at its time on all nodes at once, also after a restart; tokens of before still verify', async () => {
    await restart(4);
    at(-1);
    expect(await verified(await authenticate(4), old, next)).toBe(publicJwk(old).kid);
    at(0);
    const after = await authenticate(4);
    expect(await verified(after, old, next)).toBe(publicJwk(next).kid);
    await expect(verified(after, old)).rejects.toThrow();
    expect(await verified(before, old, next)).toBe(publicJwk(old).kid);
    for (const party of all) expect(keysOf(party)).toEqual([expect.objectContaining({ name: 'token', publicKey: next })]);
    expect(network.node(1).ring.tokenAt(network.clock.nowMs() / 1000 - 1).group.publicKey).toEqual(network.node(2).ring.tokenAt(0).group.publicKey);
  });

  test('is forgotten when nothing of its time can be signed any more, whatever breaks on the way', async () => {
    const kept = async (party: number) => (await network.stores(party).keys.loadNext()) !== undefined;
    at(119);
    await settle();
    expect(await Promise.all(all.map(kept))).toEqual([true, true, true, true]);
    expect(network.node(1).ring.isRollingOver).toBe(true);
    at(121);
    network.stores(2).failNext('takeOver', 'before');
    network.stores(3).failNext('takeOver', 'after');
    for (const party of all) await network.node(party).rollover.settle();
    for (const party of [2, 3]) await restart(party);
    await settle();
    expect(await Promise.all(all.map(kept))).toEqual([false, false, false, false]);
    expect(network.node(1).ring.isRollingOver).toBe(false);
    for (const party of all) expect(keysOf(party)).toEqual([expect.objectContaining({ name: 'token', publicKey: next })]);
    expect(await verified(await authenticate(3), next)).toBe(publicJwk(next).kid);
  });

  test('rolls over again in the next period', async () => {
    at(periodSeconds - announceSeconds / 2 + 1);
    await settle();
    expect(keysOf(1)).toHaveLength(1);
    at(periodSeconds - announceSeconds);
    await settle();
    expect(named('token-next')).not.toBe(next);
    expect(named('token')).toBe(next);
  });
});
