import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { splitFor, splitHash as splitHashOf } from '@boop/protocol';
import { type BoopError, type PartyId, toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type PeerAnswer } from './link/peer-methods.ts';
import { askCommittee } from './testing/ask-committee.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from './testing/fixtures.ts';
import { MemoryNetwork } from './testing/memory-network.ts';

const rng = seededRng(11);
const palm = randomPalm(rng);
let network: MemoryNetwork;

jest.setTimeout(120_000);

const request = async (template = capture(palm, rng)) => await probe(network.splitter, authenticationContext(network.manifest, rng, network.clock.nowMs()), template);
const authenticate = async (leader = 1) => await network.node(leader).authentications.run(await request());

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  await network.node(1).registrations.run(await enrolment(network.splitter, { 'right-palm': palm }, network.clock.nowMs()));
});

afterAll(() => network.stop());

beforeEach(() => {
  network.hub.onAnswer = undefined;
  network.hub.onSession = undefined;
});

describe('a lying node', () => {
  test('in a comparison never makes a stranger somebody', async () => {
    const stranger = randomPalm(rng);
    let lies = 0;
    network.hub.onSession = (from, _to, payload) => {
      const sent = payload.slice();
      // Shifts every masked score that it sends: round 1, 25 residues of 13 bits.
      if (from === 3 && payload.length === 43 && payload[1] === 1) {
        for (let i = 2; i < sent.length; i++) sent[i] = sent[i]! ^ rng.bytes(1)[0]!;
        lies += 1;
      }
      return sent;
    };
    for (let attempt = 0; attempt < 6; attempt++) {
      const outcome = await network.node(1).authentications.run(await request(capture(stranger, rng))).catch((error: BoopError) => error.code);
      if (typeof outcome === 'object') expect(outcome).toMatchObject({ accepted: false });
      else expect(outcome).toBe('mpc.aborted');
    }
    expect(lies).toBeGreaterThan(0);
  });

  test('that signs another outcome ends the session', async () => {
    network.hub.onAnswer = (_from, to, method, answer) => {
      const { outcome } = answer as PeerAnswer<'run.take'>;
      return method === 'run.take' && to === 4 && outcome ? { outcome: { ...outcome, signature: toBase64Url(network.members[3]!.custody.signIdentity(new Uint8Array(1))) } } : answer;
    };
    const outcomes = await Promise.all([2, 3, 5].map((leader) => authenticate(leader).catch((error: BoopError) => error.code)));
    expect(outcomes).toEqual(['mpc.aborted', 'mpc.aborted', 'mpc.aborted']);
  });

  test.each<[string, string]>([
    ['partial', 'token.prepare'],
    ['share', 'token.sign'],
  ])('that sends a bad %s is left out, and the token comes from others', async (field, method) => {
    let lies = 0;
    const lied = (parts: Record<string, Uint8Array>): object => {
      lies += 1;
      return { ...parts, [field]: parts[field]!.map((byte, at) => (at === 20 ? byte ^ 1 : byte)) };
    };
    network.hub.onAnswer = (from, to, asked, answer) => {
      // Of sessions that others led, and that broke off, something may still be on its way.
      if (from !== 1 || to !== 2) return answer;
      const { prepared } = answer as PeerAnswer<'run.take'>;
      if (asked === method) return lied(answer as Record<string, Uint8Array>);
      return method === 'token.prepare' && prepared ? { ...(answer as object), prepared: lied(prepared) } : answer;
    };
    await expect(authenticate(1)).resolves.toMatchObject({ accepted: true, verified: true });
    expect(lies).toBe(1);
  });

  test('that leads cannot have a row confirmed that nobody identified, nor use a session of another leader', async () => {
    const { context, split } = await request();
    const { head } = network.node(5).gallery;
    const holders = network.members.map(({ party }) => party);
    const liar = 5 as PartyId;
    for (const party of holders) await network.node(party).handlers['session.open'](liar, { context, split: splitFor(split, party), head });
    const splitHash = splitHashOf(splitFor(split, 1));
    const run = { splitHash, runId: rng.bytes(16), holders, operation: 'verify' as const, committee: [1, 2, 3], row: 0 };
    await expect(askCommittee(network, liar, run)).rejects.toMatchObject({ code: 'transcript.no-basis' });
    await expect(askCommittee(network, 2 as PartyId, run)).rejects.toMatchObject({ code: 'session.not-led' });
    await expect(network.node(1).handlers['session.end'](2 as PartyId, { splitHash })).rejects.toMatchObject({ code: 'session.not-led' });
    const identify = { splitHash, runId: rng.bytes(16), holders, operation: 'identify' as const, committee: [1, 2, 3] };
    await expect(askCommittee(network, liar, { ...identify, holders: [1, 2, 3] })).rejects.toMatchObject({ code: 'run.not-wide' });
    await expect(askCommittee(network, liar, identify)).resolves.toMatchObject({ statement: { decision: { kind: 'one', row: 0 } } });
    await expect(askCommittee(network, liar, identify)).rejects.toMatchObject({ code: 'session.decided' });
    await expect(network.node(2).handlers['run.take'](liar, { ...identify, runId: rng.bytes(16), committee: [1, 2, 9] })).rejects.toMatchObject({ code: 'run.not-led' });
  });
});
