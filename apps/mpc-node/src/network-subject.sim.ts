import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuthenticationContext, parseTokenClaims } from '@boop/identity';
import { parseLogEntry } from '@boop/protocol';
import { type BoopError, type PartyId } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type PeerMethod } from './link/peer-methods.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(41);
const [ada, bob, stranger] = [randomPalm(rng), randomPalm(rng), randomPalm(rng)];
let network: MemoryNetwork;
let adaSub: string;

const authenticate = async (palm: Int8Array, changes: Partial<AuthenticationContext> = {}, leader = 1) =>
  await network.node(leader).authentications.run(await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs(), changes), capture(palm, rng)));
const subOf = ({ idToken }: { idToken?: string | undefined }) => parseTokenClaims(idToken!).sub;
const told = ({ accepted, reason, verified, idToken, released, entry, receipts }: Awaited<ReturnType<typeof authenticate>>) => {
  const { session, time, ...stated } = parseLogEntry(entry) as unknown as Record<string, unknown>;
  expect([typeof session, typeof time]).toEqual(['string', 'number']);
  return { accepted, reason, verified, idToken, released, stated, receipts: receipts.length };
};

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  for (const palm of [ada, bob]) await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
  adaSub = subOf(await authenticate(ada));
}, 120_000);

afterAll(() => network.stop());

beforeEach(() => {
  network.hub.onAnswer = undefined;
  network.hub.onRequest = undefined;
});

describe('a claimed subject', () => {
  test('is accepted with the palm of that person, under every leader', async () => {
    for (const leader of [1, 4]) {
      const answer = await authenticate(ada, { subject: adaSub }, leader);
      expect(answer).toMatchObject({ accepted: true, verified: true, reason: 'ok' });
      expect(subOf(answer)).toBe(adaSub);
    }
  }, 120_000);

  test('is not accepted with another palm, and nothing tells whether that one is registered', async () => {
    const registered = told(await authenticate(bob, { subject: adaSub }));
    expect(registered).toMatchObject({ accepted: false, reason: 'no-match', verified: false, stated: { decision: 'rejected' } });
    expect(registered).toEqual(told(await authenticate(stranger, { subject: adaSub })));
    // What else would be said of the other person stays unsaid too.
    expect(registered).toEqual(told(await authenticate(bob, { subject: adaSub, attributes: { required: ['email'], optional: [] } })));
  }, 120_000);

  test('is a name at one sector only', async () => {
    await expect(authenticate(ada, { subject: adaSub, sector: 'elsewhere.example' })).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
  }, 120_000);

  test('is judged without a node that sends a bad partial', async () => {
    let lies = 0;
    network.hub.onAnswer = (_from, to, method, answer) => {
      if (method !== 'subject.evaluate' || to !== 2) return answer;
      lies += 1;
      const partial = (answer as { partial: Uint8Array }).partial.slice();
      partial[50]! ^= 1;
      return { partial };
    };
    await expect(authenticate(ada, { subject: adaSub })).resolves.toMatchObject({ accepted: true });
    await expect(authenticate(bob, { subject: adaSub })).resolves.toMatchObject({ accepted: false, reason: 'no-match' });
    expect(lies).toBe(2);
  }, 120_000);
});

describe('a leader that lies about a claimed subject', () => {
  /** Asks an honest node, in the leader's name, at the moment when the leader sends `at`. */
  const meanwhile = (at: PeerMethod, ask: (body: { splitHash: string; verdicts: never[]; authTime: number }) => Promise<unknown>[]) => {
    const asked: Promise<unknown>[] = [];
    network.hub.onRequest = (_from, to, method, body) => {
      if (method === at && to === 3 && asked.length === 0) asked.push(...ask(body as never).map((answer) => answer.then(() => 'granted', (error: BoopError) => error.code)));
      return body;
    };
    return async () => await Promise.all(asked);
  };
  const leader = 1 as PartyId;
  const honest = 3;

  test('gets neither a token, nor attributes, nor a clean record for somebody else', async () => {
    const handlers = network.node(honest).handlers;
    const answers = meanwhile('decision.reject', ({ splitHash, verdicts, authTime }) => [
      handlers['token.sign'](leader, { splitHash, verdicts, authTime, verified: true, partials: [], commitments: [] }),
      handlers['release.authorise'](leader, { splitHash, verdicts, authTime, verified: true }),
      handlers['decision.reject'](leader, { splitHash, verdicts, authTime }),
      handlers['session.end'](leader, { splitHash, verdicts }),
    ]);
    await authenticate(bob, { subject: adaSub });
    expect(await answers()).toEqual(['decision.subject', 'decision.subject', 'transcript.match', 'decision.subject']);
  }, 120_000);

  test('gets no refusal of the right person', async () => {
    const handlers = network.node(honest).handlers;
    const refusals = meanwhile('token.sign', ({ splitHash, verdicts, authTime }) => [handlers['decision.reject'](leader, { splitHash, verdicts, authTime, because: 'subject' })]);
    await expect(authenticate(ada, { subject: adaSub })).resolves.toMatchObject({ accepted: true });
    expect(await refusals()).toEqual(['decision.subject']);
  }, 120_000);

  test('can not have it judged by other partials', async () => {
    network.hub.onRequest = (_from, _to, method, body) => {
      if (method !== 'subject.judge') return body;
      const { partials, ...rest } = body as { partials: { party: number; bytes: Uint8Array }[] };
      return { ...rest, partials: partials.map(({ party }, at) => ({ party, bytes: partials[(at + 1) % partials.length]!.bytes })) };
    };
    await expect(authenticate(ada, { subject: adaSub })).rejects.toMatchObject({ code: expect.stringMatching(/^mpc\./) });
  }, 120_000);

  test('has nothing judged in a session that claims nobody', async () => {
    const handlers = network.node(honest).handlers;
    const answers = meanwhile('token.sign', ({ splitHash, verdicts }) => [handlers['subject.evaluate'](leader, { splitHash, verdicts }), handlers['subject.judge'](leader, { splitHash, partials: [] })]);
    await authenticate(ada);
    expect(await answers()).toEqual(['decision.no-claim', 'decision.no-claim']);
  }, 120_000);
});
