import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { parseTokenClaims, sessionIdOf } from '@boop/identity';
import { seededRng } from '@boop/testing';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork, sessionPatience } from './testing/memory-network.ts';

const rng = seededRng(7);
const palm = randomPalm(rng);
let network: MemoryNetwork;
beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 4, threshold: 1 }, rng);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
}, 120_000);
afterAll(() => network.stop());

const payment = { type: 'payment', amount: 100, currency: 'EUR' } as const;
async function match(shown = palm) {
  const context = authenticationContext(network.manifest, rng, network.clock.nowMs(), payment);
  return { session: sessionIdOf(context), answer: await network.node(2).authentications.match(await probe(network.splitter, context, capture(shown, rng))) };
}
const held = (answer: Awaited<ReturnType<typeof match>>['answer']) => ('held' in answer ? answer.held : undefined);

test('a held session tells the token’s subject before a token exists, and is signed once', async () => {
  const { session, answer } = await match();
  const { sub, verified } = held(answer)!;
  const signed = await network.node(2).authentications.sign({ session, sign: true });
  expect(signed).toMatchObject({ accepted: true, verified });
  expect('idToken' in signed && parseTokenClaims(signed.idToken!).sub).toBe(sub);
  await expect(network.node(2).authentications.sign({ session, sign: true })).rejects.toMatchObject({ code: 'mpc.aborted' });
});

test('a dropped session is never signed; the next one has the same subject', async () => {
  const first = await match();
  await expect(network.node(2).authentications.sign({ session: first.session, sign: false })).resolves.toEqual({ dropped: true });
  await expect(network.node(2).authentications.sign({ session: first.session, sign: true })).rejects.toMatchObject({ code: 'mpc.aborted' });
  const second = await match();
  expect(held(second.answer)!.sub).toBe(held(first.answer)!.sub);
  await network.node(2).authentications.sign({ session: second.session, sign: false });
});

test('who is not recognised is not held', async () => {
  const { session, answer } = await match(randomPalm(rng));
  expect(answer).toMatchObject({ accepted: false, reason: 'no-match' });
  await expect(network.node(2).authentications.sign({ session, sign: true })).rejects.toMatchObject({ code: 'mpc.aborted' });
});

test('a session about which nobody decides ends unsigned', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
  try {
    const { session, answer } = await match();
    expect(held(answer)).toBeDefined();
    await jest.advanceTimersByTimeAsync(sessionPatience * 5_000);
    await expect(network.node(2).authentications.sign({ session, sign: true })).rejects.toMatchObject({ code: 'mpc.aborted' });
  } finally {
    jest.useRealTimers();
  }
});
