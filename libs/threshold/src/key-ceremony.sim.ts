import { createPublicKey, verify as verifyWithNode } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import { epoch, partyId, type PartyId, type ProtocolMachine, roundMachine, type RoundProtocol, utf8 } from '@boop/shared';
import { runSimulation, seededRng, type SimulationOptions } from '@boop/testing';
import { ceremonyId, EVERYBODY, type Identities, MessageKind, packageBytes, seal, sealedBytes } from './ceremony-messages.ts';
import { aggregate, commit, keyCeremony, type KeyCeremonyInput, type KeyShare, prfCombine, prfEvaluate, serializeGroupKey, signShare } from './index.ts';

const context = utf8('network-1/ceremony-1');
const identityKey = (party: PartyId) => ed25519.keygen(new Uint8Array(32).fill(party));

function inputOf(self: PartyId, count: number, threshold: number, overrides: Partial<KeyCeremonyInput> = {}): KeyCeremonyInput {
  const identities: Identities = {
    sign: (bytes) => ed25519.sign(bytes, identityKey(self).secretKey),
    verify: (party, bytes, signature) => ed25519.verify(signature, bytes, identityKey(party).publicKey),
  };
  const parties = Array.from({ length: count }, (_, at) => partyId(at + 1));
  return { self, parties, threshold, name: 'token', suite: 'FROST-ED25519-SHA512', epoch: epoch(1), context, ...identities, ...overrides };
}

type Party = (input: KeyCeremonyInput) => RoundProtocol<KeyShare>;
const honest: Party = (input) => keyCeremony(input, seededRng(100 + input.self));

function run(count: number, threshold: number, roles: Partial<Record<number, Party>> = {}, overrides: Partial<KeyCeremonyInput> = {}, options: SimulationOptions = {}) {
  const machines = new Map<PartyId, ProtocolMachine<KeyShare>>();
  for (const self of inputOf(partyId(1), count, threshold).parties) {
    machines.set(self, roundMachine(() => (roles[self] ?? honest)(inputOf(self, count, threshold, overrides))));
  }
  return runSimulation(machines, options);
}

/** An otherwise honest party that changes the content of what it sends, and signs the changed message with its own identity. */
function liar(change: (round: number, to: PartyId, content: Uint8Array, input: KeyCeremonyInput) => Uint8Array): Party {
  return function* (input) {
    const id = ceremonyId(input, input.context);
    const protocol = honest(input);
    let received: ReadonlyMap<PartyId, Uint8Array> = new Map();
    for (let round = 0; ; round++) {
      const step: IteratorResult<{ send: readonly { to: PartyId; payload: Uint8Array }[]; receiveFrom: readonly PartyId[] }, KeyShare> = protocol.next(received);
      if (step.done) return step.value;
      const kind = [MessageKind.package, MessageKind.echo, MessageKind.subShare, MessageKind.confirmation][round]!;
      const send = step.value.send.map(({ to, payload }) => {
        const content = change(round, to, payload.slice(32, -64), input);
        return { to, payload: seal(id, { kind, from: input.self, to: kind === MessageKind.subShare ? to : EVERYBODY }, content, input) };
      });
      received = yield { send, receiveFrom: step.value.receiveFrom };
    }
  };
}

const flip = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

/** The package that party `self` would have sent in a run with other randomness: valid, and of another polynomial. */
function otherPackage(input: KeyCeremonyInput): Uint8Array {
  const first = keyCeremony(input, seededRng(999)).next();
  if (first.done) throw new Error('unreachable');
  return first.value.send[0]!.payload.slice(32, -64);
}

describe('a key ceremony', () => {
  test.each([
    [3, 3],
    [4, 3],
    [5, 4],
    [7, 5],
  ])('of %i parties with threshold %i gives all one group key that signs', (count, threshold) => {
    const outcomes = run(count, threshold, {}, {}, { seed: count });
    const shares = [...outcomes.values()].map((outcome) => (outcome.kind === 'done' ? outcome.output : undefined)!);
    const keys = shares.map((share) => serializeGroupKey(share.group));
    keys.forEach((key) => expect(key).toEqual(keys[0]));

    const message = utf8('header.payload');
    const signers = shares.slice(-threshold);
    const started = new Map(signers.map((share) => [share.self, commit(share, seededRng(share.self))]));
    const commitments = new Map([...started].map(([party, { commitment }]) => [party, commitment]));
    const parts = new Map(signers.map((share) => [share.self, signShare(share, started.get(share.self)!.nonces, commitments, message)]));
    const signature = aggregate(shares[0]!.group, commitments, message, parts);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(shares[0]!.group.publicKey).toString('base64url') };
    expect(verifyWithNode(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)).toBe(true);
  });

  test('makes a key for the threshold PRF with the other ciphersuite', () => {
    const outcomes = run(5, 3, {}, { name: 'prf', suite: 'FROST-P256-SHA256' });
    const shares = [...outcomes.values()].map((outcome) => (outcome.kind === 'done' ? outcome.output : undefined)!);
    const output = (signers: KeyShare[]) =>
      prfCombine(shares[0]!.group, utf8('subject'), new Map(signers.map((share) => [share.self, prfEvaluate(share, utf8('subject'), seededRng(7))])));
    expect(output(shares.slice(0, 3))).toEqual(output(shares.slice(2)));
  });

  test('replays from its seeds', () => {
    const key = () => {
      const outcome = run(3, 2).get(partyId(1))!;
      return outcome.kind === 'done' ? outcome.output.serialize() : undefined;
    };
    expect(key()).toBeInstanceOf(Uint8Array);
    expect(key()).toEqual(key());
  });

  const two = partyId(2);
  const lies: [string, string, Party, number[], PartyId[]][] = [
    ['a proof of possession is forged', 'ceremony.bad-proof', liar((round, _to, content) => (round === 0 ? flip(content, content.length - 32) : content)), [1, 3, 4], [two]],
    ['a commitment is not an element', 'ceremony.bad-proof', liar((round, _to, content) => (round === 0 ? content.fill(0xff, 0, 32) : content)), [1, 3, 4], [two]],
    ['an echo is forged', 'ceremony.forged-echo', liar((round, to, content) => (round === 1 && to === 1 ? flip(content, 40) : content)), [1], [two]],
    ['a sub-share is wrong', 'ceremony.bad-sub-share', liar((round, to, content) => (round === 2 && to === 3 ? flip(content) : content)), [3], [two]],
    ['a confirmation differs', 'ceremony.confirmation-mismatch', liar((round, to, content) => (round === 3 && to === 1 ? flip(content) : content)), [1], [two]],
    ['a message is cut', 'ceremony.malformed', liar((round, to, content) => (round === 0 && to === 1 ? content.slice(1) : content)), [1], [two]],
    ['a party runs another threshold', 'ceremony.malformed', (input) => honest({ ...input, threshold: 2 }), [1, 3, 4], [two]],
    ['a party runs another context', 'ceremony.other-parameters', (input) => honest({ ...input, context: utf8('network-1/ceremony-2') }), [1, 3, 4], [two]],
  ];

  test.each(lies)('when %s aborts with %s and names the culprit', (_what, code, party, victims, blame) => {
    const outcomes = run(4, 3, { 2: party });
    for (const victim of victims) expect(outcomes.get(partyId(victim))).toEqual({ kind: 'abort', code, blame });
  });

  test('a dealer who tells one party something else is proven to, and no key comes out', () => {
    const party = liar((round, to, content, input) => (round === 0 && to === 4 ? otherPackage(input) : content));
    // Who hears of it last may be left waiting by those who stopped, so several orders of delivery.
    const seen = [1, 2, 3, 4].flatMap((seed) => {
      const outcomes = run(4, 3, { 2: party }, {}, { seed });
      return [1, 3, 4].map((honestParty) => outcomes.get(partyId(honestParty))!);
    });
    const ended = seen.filter(({ kind }) => kind !== 'stalled');
    expect(ended.length).toBeGreaterThan(2);
    for (const outcome of ended) expect(outcome).toEqual({ kind: 'abort', code: 'ceremony.equivocation', blame: [two] });
  });

  test('an altered byte on the wire is refused in every round', () => {
    for (const round of [0, 1, 2, 3]) {
      const outcomes = run(3, 2, {}, {}, { tamper: (from, to, payload, index) => (from === 1 && to === 2 && index === round ? flip(payload, 60) : payload) });
      expect(outcomes.get(two)).toEqual({ kind: 'abort', code: 'ceremony.bad-signature', blame: [partyId(1)] });
    }
  });

  test('no key comes out while one message of any round is missing', () => {
    for (const round of [0, 1, 2, 3]) {
      const outcomes = run(3, 2, {}, {}, { tamper: (from, to, payload, index) => (from === 1 && to === 2 && index === round ? 'drop' : payload) });
      expect(outcomes.get(two)!.kind).toBe('stalled');
    }
  });

  test.each<[string, Partial<KeyCeremonyInput>]>([
    ['threshold 1', { threshold: 1 }],
    ['a threshold above N', { threshold: 4 }],
    ['repeated parties', { parties: [1, 1, 2].map(partyId) }],
    ['parties out of order', { parties: [2, 1, 3].map(partyId) }],
    ['an unfit name', { name: 'To ken' }],
    ['a party that is not in the list', { self: partyId(9) }],
  ])('refuses %s', (_what, overrides) => {
    const start = () => keyCeremony(inputOf(partyId(1), 3, 2, overrides), seededRng(1)).next();
    expect(start).toThrow(expect.objectContaining({ code: 'threshold.invalid-parameters' }));
  });

  test('message sizes follow suite, threshold and number of parties', () => {
    const own = sealedBytes(packageBytes(inputOf(two, 5, 3)));
    expect([own, sealedBytes(4 * own), sealedBytes(32)]).toEqual([256, 1120, 128]);
    expect(packageBytes(inputOf(two, 5, 3))).toBe(3 * 32 + 64);
    expect(packageBytes(inputOf(two, 5, 3, { suite: 'FROST-P256-SHA256' }))).toBe(3 * 33 + 33 + 32);
  });
});
