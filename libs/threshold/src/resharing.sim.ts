import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import { concatBytes, epoch, type Outgoing, partyId, type PartyId, roundMachine, type RoundProtocol, utf8 } from '@boop/shared';
import { runSimulation, seededRng, type SimulationOutcome } from '@boop/testing';
import { aggregate, type CipherSuite, commit, type GroupKey, keyCeremony, type KeyResharingInput, KeyShare, prfCombine, prfEvaluate, reshareKey, serializeGroupKey, signShare, verifySignature } from './index.ts';

type Output = { group: GroupKey; share: KeyShare | undefined };
type Party = (input: KeyResharingInput, seed: number) => RoundProtocol<Output>;

const identityKey = (party: PartyId) => ed25519.keygen(new Uint8Array(32).fill(party));
const identities = (self: PartyId) => ({
  sign: (bytes: Uint8Array) => ed25519.sign(bytes, identityKey(self).secretKey),
  verify: (party: PartyId, bytes: Uint8Array, signature: Uint8Array) => ed25519.verify(signature, bytes, identityKey(party).publicKey),
});
const ids = (count: number): PartyId[] => Array.from({ length: count }, (_, at) => partyId(at + 1));

function keyOf(suite: CipherSuite, count: number, threshold: number): Map<PartyId, KeyShare> {
  const parties = ids(count);
  const machines = new Map(parties.map((self) => [self, roundMachine(() => keyCeremony({ self, parties, threshold, name: 'token', suite, epoch: epoch(1), context: utf8('made'), ...identities(self) }, seededRng(self)))]));
  return done(runSimulation(machines));
}

function done<T>(outcomes: ReadonlyMap<PartyId, SimulationOutcome<T>>): Map<PartyId, T> {
  return new Map([...outcomes].map(([party, outcome]) => {
    if (outcome.kind !== 'done') throw new Error(`${party}: ${JSON.stringify(outcome)}`);
    return [party, outcome.output];
  }));
}

const honest: Party = (input, seed) => reshareKey(input, seededRng(seed));

function run(old: ReadonlyMap<PartyId, KeyShare>, to: { receivers: PartyId[]; threshold: number; dealers?: PartyId[] }, roles: Partial<Record<number, Party>> = {}, seed = 1) {
  const group = [...old.values()][0]!.group;
  const dealers = to.dealers ?? group.parties.slice(0, group.threshold);
  const participants = [...new Set([...dealers, ...to.receivers])].sort((a, b) => a - b);
  const machines = new Map(
    participants.map((self) => {
      const input: KeyResharingInput = { self, old: group, ...(dealers.includes(self) && { share: old.get(self)! }), dealers, receivers: to.receivers, threshold: to.threshold, epoch: epoch(group.epoch + 1), context: utf8('attempt'), ...identities(self) };
      return [self, roundMachine(() => (roles[self] ?? honest)(input, seed * 100 + self))];
    }),
  );
  return runSimulation(machines, { seed });
}

const sharesOf = (outputs: ReadonlyMap<PartyId, Output>): Map<PartyId, KeyShare> => new Map([...outputs].flatMap(([party, { share }]) => (share ? [[party, share] as const] : [])));

function sign(group: GroupKey, signers: readonly KeyShare[]): Uint8Array {
  const message = utf8('a token');
  const started = new Map(signers.map((share) => [share.self, commit(share, seededRng(share.self))]));
  const commitments = new Map([...started].map(([party, { commitment }]) => [party, commitment]));
  return aggregate(group, commitments, message, new Map(signers.map((share) => [share.self, signShare(share, started.get(share.self)!.nonces, commitments, message)])));
}

describe.each([
  [5, 3, 5, 3],
  [7, 5, 5, 3],
  [5, 4, 7, 5],
])('a key of %i parties and %i signers, reshared to %i and %i', (count, threshold, newCount, newThreshold) => {
  test('FROST: the public key stays, any new signers sign under it, old and new ones together don\'t', () => {
    const old = keyOf('FROST-ED25519-SHA512', count, threshold);
    const outputs = done(run(old, { receivers: ids(newCount), threshold: newThreshold }));
    const shares = sharesOf(outputs);
    const { group } = shares.get(partyId(1))!;
    for (const output of outputs.values()) expect(serializeGroupKey(output.group)).toEqual(serializeGroupKey(group));
    expect(group).toMatchObject({ epoch: 2, threshold: newThreshold, parties: ids(newCount), publicKey: old.get(partyId(1))!.group.publicKey });
    for (const signers of [[...shares.values()].slice(0, newThreshold), [...shares.values()].slice(-newThreshold)]) {
      expect(verifySignature(old.get(partyId(1))!.group, utf8('a token'), sign(group, signers))).toBe(true);
    }
    const mixed = [...shares.values()].slice(0, Math.max(threshold, newThreshold));
    mixed[0] = old.get(mixed[0]!.self)!;
    expect(() => sign(group, mixed)).toThrow(expect.objectContaining({ code: 'frost.bad-share', blame: [1] }));
  });

  test('PRF: the same outputs, and old partials are refused', () => {
    const old = keyOf('FROST-P256-SHA256', count, threshold);
    const shares = sharesOf(done(run(old, { receivers: ids(newCount), threshold: newThreshold })));
    const partials = (of: ReadonlyMap<PartyId, KeyShare>) => new Map([...of].map(([party, share]) => [party, prfEvaluate(share, utf8('subject'), seededRng(party))]));
    const { group } = shares.get(partyId(1))!;
    const fresh = partials(shares);
    expect(prfCombine(group, utf8('subject'), fresh)).toEqual(prfCombine(old.get(partyId(1))!.group, utf8('subject'), partials(old)));
    fresh.set(partyId(2), partials(old).get(partyId(2))!);
    expect(() => prfCombine(group, utf8('subject'), fresh)).toThrow(expect.objectContaining({ code: 'prf.bad-partial', blame: [2] }));
  });
});

test('a node that lost its share gets one from others, and a stored share survives its own serialisation', () => {
  const old = keyOf('FROST-ED25519-SHA512', 5, 3);
  const shares = sharesOf(done(run(old, { dealers: [1, 2, 5] as PartyId[], receivers: ids(5), threshold: 3 })));
  const again = KeyShare.parse(shares.get(partyId(4))!.serialize());
  expect(verifySignature(again.group, utf8('a token'), sign(again.group, [shares.get(partyId(1))!, shares.get(partyId(3))!, again]))).toBe(true);
});

function meddler(change: (round: number, send: readonly Outgoing[], input: KeyResharingInput) => readonly Outgoing[]): Party {
  return function* (input, seed) {
    const protocol = honest(input, seed);
    let received: ReadonlyMap<PartyId, Uint8Array> = new Map();
    for (let round = 0; ; round++) {
      const step: IteratorResult<{ send: readonly Outgoing[]; receiveFrom: readonly PartyId[] }, Output> = protocol.next(received);
      if (step.done) return step.value;
      received = yield { send: change(round, step.value.send, input), receiveFrom: step.value.receiveFrom };
    }
  };
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ 1 : byte));

describe('a party that lies', () => {
  const old = keyOf('FROST-ED25519-SHA512', 5, 3);
  const other = done(new Map([...run(old, { receivers: ids(5), threshold: 3 }, {}, 7)].map(([party, outcome]) => [party, outcome.kind === 'done' ? { ...outcome, output: outcome.output.share! } : outcome])));
  const to = { receivers: ids(5), threshold: 3 };

  test('a dealer of another value is named by all', () => {
    const foreign = other.get(partyId(2))!.group.verifyingShares.get(partyId(2))!;
    const role: Party = (input, seed) => {
      let signed: Uint8Array | undefined;
      const sign = (bytes: Uint8Array): Uint8Array => input.sign((signed ??= bytes));
      return meddler((round, send) => {
        if (round > 0) return send;
        const content = concatBytes(foreign, send[0]!.payload.slice(32, -64));
        const payload = concatBytes(content, input.sign(concatBytes(signed!.slice(0, -content.length), content)));
        return send.map(({ to: receiver }) => ({ to: receiver, payload }));
      })({ ...input, sign }, seed);
    };
    for (const [party, outcome] of run(old, to, { 2: role })) if (party !== 2) expect(outcome).toEqual({ kind: 'abort', code: 'resharing.bad-dealing', blame: [2] });
  });

  test('a wrong sub-share is named by its receiver', () => {
    const role = meddler((round, send) => (round === 1 ? send.map(({ to: receiver, payload }) => ({ to: receiver, payload: receiver === 4 ? flipped(payload, -32) : payload })) : send));
    expect(run(old, to, { 2: role }).get(partyId(4))).toEqual({ kind: 'abort', code: 'resharing.bad-sub-share', blame: [2] });
  });

  test('an unsigned change of the commitments is named', () => {
    const role = meddler((round, send) => (round === 0 ? send.map(({ to: receiver, payload }) => ({ to: receiver, payload: flipped(payload, 40) })) : send));
    for (const [party, outcome] of run(old, to, { 3: role })) if (party !== 3) expect(outcome).toEqual({ kind: 'abort', code: 'resharing.bad-signature', blame: [3] });
  });

  test('an echo of what nobody signed, or a confirmation of another key, is named', () => {
    const echo = meddler((round, send) => (round === 1 ? send.map(({ to: receiver, payload }) => ({ to: receiver, payload: flipped(payload, 3) })) : send));
    for (const [party, outcome] of run(old, to, { 5: echo })) if (party !== 5) expect(outcome).toMatchObject({ kind: 'abort', code: 'resharing.forged-echo', blame: [5] });
    const confirmation = meddler((round, send) => (round === 2 ? send.map(({ to: receiver, payload }) => ({ to: receiver, payload: flipped(payload, 0) })) : send));
    for (const [party, outcome] of run(old, to, { 5: confirmation })) if (party !== 5) expect(outcome).toMatchObject({ kind: 'abort', code: 'resharing.bad-signature', blame: [5] });
  });

  test.each([
    [{ dealers: [1, 2] as PartyId[] }],
    [{ dealers: [1, 2, 6] as PartyId[] }],
    [{ threshold: 1 }],
    [{ threshold: 6 }],
    [{ receivers: [2, 1, 3] as PartyId[] }],
  ])('impossible parameters are refused: %p', (wrong) => {
    expect(() => run(old, { ...to, ...wrong })).toThrow(expect.objectContaining({ code: 'threshold.invalid-parameters' }));
  });
});
