import { p256, p256_oprf } from '@noble/curves/nist.js';
import { describe, expect, test } from '@jest/globals';
import { opensslArithmetic } from '@boop/platform';
import { fromHex, partyId, type PartyId, toHex, utf8 } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { dealKey, subsets } from './fixtures/dealer.ts';
import { PRF_PARTIAL_BYTES, prfCombine, prfCombineUnproven, prfEvaluate, PrfInput, ThresholdFault } from './index.ts';

const secret = fromHex('ca5d94c8807817669a51b196c34c1b7f8442fde4334a7121ae4736364312fca6');
const keys = dealKey('FROST-P256-SHA256', 3, 5, seededRng(1), secret);
const group = keys.get(partyId(1))!.group;
const input = utf8('sub/v1|subject|sector.example');
const everybody = [...keys.keys()];
const partialsOf = (parties: readonly PartyId[], of = input) => new Map(parties.map((party) => [party, prfEvaluate(keys.get(party)!, of, seededRng(party))]));
const partials = partialsOf(everybody);
const pick = (parties: readonly PartyId[]) => new Map(parties.map((party) => [party, partials.get(party)!]));

describe('the threshold PRF', () => {
  // RFC 9497 appendix A.3.2: P256-SHA256, VOPRF mode, key and outputs of vectors 1 and 2; the blind cancels out.
  test.each([
    ['00', '0412e8f78b02c415ab3a288e228978376f99927767ff37c5718d420010a645a1'],
    ['5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a', '771e10dcd6bcd3664e23b8f2a710cfaaa8357747c4a8cbba03133967b5c24f18'],
  ])('gives the output of RFC 9497 A.3.2 for input %s', (hex, output) => {
    expect(toHex(prfCombine(group, fromHex(hex), partialsOf(everybody.slice(1, 4), fromHex(hex))))).toBe(output);
  });

  test('has the public key of RFC 9497 A.3.2 and equals the output of a single evaluator with the whole key', () => {
    expect(toHex(group.publicKey)).toBe('03e17e70604bcabe198882c0a1f27a92441e774224ed9c702e51dd17038b102462');
    const { blind, blinded } = p256_oprf.voprf.blind(input);
    const { evaluated, proof } = p256_oprf.voprf.blindEvaluate(secret, group.publicKey, blinded);
    expect(prfCombine(group, input, partials)).toEqual(p256_oprf.voprf.finalize(input, blind, evaluated, blinded, group.publicKey, proof));
  });

  test('does not depend on who takes part nor on the order', () => {
    const expected = prfCombine(group, input, partials);
    expect(expected).toHaveLength(32);
    for (const parties of subsets(everybody, 3)) expect(prfCombine(group, input, pick(parties))).toEqual(expected);
    expect(prfCombine(group, input, new Map([...partials].reverse()))).toEqual(expected);
  });

  test.each<[string, Uint8Array]>([
    ['a partial of another party', partials.get(partyId(2))!],
    ['a partial for another input', partialsOf([partyId(3)], utf8('other')).get(partyId(3))!],
    ['an altered proof', partials.get(partyId(3))!.map((byte, at) => (at === 96 ? byte ^ 1 : byte))],
    ['an altered element', Uint8Array.of(...p256.Point.BASE.toBytes(), ...partials.get(partyId(3))!.slice(33))],
    ['bytes that are no element', new Uint8Array(PRF_PARTIAL_BYTES).fill(0xff)],
    ['a cut partial', partials.get(partyId(3))!.slice(1)],
  ])('refuses %s and names the party', (_what, bad) => {
    const combine = () => prfCombine(group, input, new Map(partials).set(partyId(3), bad));
    expect(combine).toThrow(ThresholdFault);
    expect(combine).toThrow(expect.objectContaining({ code: 'prf.bad-partial', kind: 'peer', blame: [3] }));
  });

  test('takes what the caller made itself unproven, but only as its own', () => {
    const own = { party: partyId(1), partial: partials.get(partyId(1))!.map((byte, at) => (at === 96 ? byte ^ 1 : byte)) };
    const unproven = new Map(partials).set(partyId(1), own.partial);
    expect(() => prfCombine(group, input, unproven)).toThrow(expect.objectContaining({ blame: [1] }));
    expect(prfCombine(group, input, unproven, { own })).toEqual(prfCombine(group, input, partials));
    expect(() => prfCombine(group, input, new Map(partials).set(partyId(1), partials.get(partyId(2))!), { own })).toThrow(expect.objectContaining({ blame: [1] }));
    expect(() => prfCombine(group, input, new Map(partials).set(partyId(2), own.partial), { own })).toThrow(expect.objectContaining({ blame: [2] }));
  });

  test('is the same by OpenSSL, for an input that was hashed once, and names the same parties', () => {
    const hashed = new PrfInput(input);
    const made = new Map(everybody.map((party) => [party, prfEvaluate(keys.get(party)!, hashed, seededRng(party), opensslArithmetic)]));
    expect([...made].map(([, bytes]) => toHex(bytes))).toEqual([...partials].map(([, bytes]) => toHex(bytes)));
    expect(prfCombine(group, hashed, made, { arithmetic: opensslArithmetic })).toEqual(prfCombine(group, input, partials));
    for (const at of [0, 1, 20, 33, 64, 65, 96]) {
      const bad = new Map(made).set(partyId(4), made.get(partyId(4))!.map((byte, index) => (index === at ? byte ^ 1 : byte)));
      expect(() => prfCombine(group, hashed, bad, { arithmetic: opensslArithmetic })).toThrow(expect.objectContaining({ code: 'prf.bad-partial', blame: [4] }));
    }
  });

  test('comes out the same without the proofs, and then differs with any partial that is wrong', () => {
    expect(prfCombineUnproven(group, input, partials)).toEqual(prfCombine(group, input, partials));
    const wrong = new Map(partials).set(partyId(1), partials.get(partyId(2))!);
    expect(prfCombineUnproven(group, input, wrong)).not.toEqual(prfCombine(group, input, partials));
    expect(() => prfCombineUnproven(group, input, new Map(partials).set(partyId(1), new Uint8Array(PRF_PARTIAL_BYTES).fill(0xff)))).toThrow(expect.objectContaining({ code: 'prf.malformed-partial' }));
    expect(() => prfCombineUnproven(group, input, pick(everybody.slice(0, 2)))).toThrow(expect.objectContaining({ code: 'prf.too-few-partials' }));
  });

  test('names all bad parties at once', () => {
    const bad = new Map(partials).set(partyId(4), partials.get(partyId(1))!).set(partyId(2), partials.get(partyId(1))!);
    expect(() => prfCombine(group, input, bad)).toThrow(expect.objectContaining({ blame: [2, 4] }));
  });

  test.each<[string, string, () => unknown]>([
    ['fewer partials than the threshold', 'prf.too-few-partials', () => prfCombine(group, input, pick(everybody.slice(0, 2)))],
    ['a party outside the key set', 'prf.unknown-party', () => prfCombine(group, input, new Map(partials).set(partyId(9), partials.get(partyId(1))!))],
    ['an input over 65,535 bytes', 'prf.input-too-long', () => prfEvaluate(keys.get(partyId(1))!, new Uint8Array(65_536), seededRng(1))],
    ['a key of another suite', 'prf.wrong-suite', () => prfEvaluate(dealKey('FROST-ED25519-SHA512', 2, 2, seededRng(1)).get(partyId(1))!, input, seededRng(1))],
  ])('refuses %s', (_what, code, work) => {
    expect(work).toThrow(expect.objectContaining({ code }));
  });
});
