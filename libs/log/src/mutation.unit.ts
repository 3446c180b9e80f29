import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex, utf8 } from '@boop/shared';
import { Account, ORIGIN, publicOf, secretOf, signMutation } from './fixtures/account.ts';
import { commitTo, formatMutation, mutationHash, mutationMessage, parseMutation, verifyCommitment, verifyMutation, verifyOwnerHistory } from './index.ts';

const refused = (code: string) => expect.objectContaining({ code });

function account(): Account {
  const alice = new Account('alice');
  alice.next('first');
  alice.next('second');
  return alice;
}

describe('mutations', () => {
  const alice = account();
  const [first, second] = [alice.history[0]!, alice.history[1]!];

  test('have one form', () => {
    expect(first).toHaveLength(234);
    expect(formatMutation(parseMutation(first))).toEqual(first);
    expect(verifyOwnerHistory(ORIGIN, alice.history).map(({ version }) => version)).toEqual([0, 1]);
  });

  test('are signed by a key of the version before, at version 0 by their own', () => {
    expect(() => verifyMutation(ORIGIN, first, undefined)).not.toThrow();
    expect(() => verifyMutation(ORIGIN, second, first)).not.toThrow();
    const { signature: _, signer: __, ...body } = parseMutation(second);
    // The key that version 1 itself allows does not count for version 1.
    expect(() => verifyMutation(ORIGIN, signMutation(body, 'alice/1'), first)).toThrow(refused('mutation.wrong-key'));
    expect(() => verifyMutation(ORIGIN, signMutation({ ...parseMutation(first), authorizedKeys: [publicOf('alice/0')] }, 'mallory'), undefined)).toThrow(refused('mutation.wrong-key'));
  });

  test('count in one log only', () => {
    expect(() => verifyMutation('log.example/other', first, undefined)).toThrow(refused('mutation.bad-signature'));
  });

  test('point back, one version at a time, in one account', () => {
    const third = account().next('third');
    expect(() => verifyMutation(ORIGIN, third, first)).toThrow(refused('mutation.wrong-version'));
    expect(() => verifyMutation(ORIGIN, second, undefined)).toThrow(refused('mutation.wrong-version'));
    expect(() => verifyMutation(ORIGIN, first, second)).toThrow(refused('mutation.wrong-version'));
    const { signature: _, signer: __, ...body } = parseMutation(second);
    expect(() => verifyMutation(ORIGIN, signMutation({ ...body, previous: mutationHash(second) }, 'alice/0'), first)).toThrow(refused('mutation.wrong-previous'));
    expect(() => verifyMutation(ORIGIN, signMutation({ ...body, index: new Account('bob').index }, 'alice/0'), first)).toThrow(refused('mutation.wrong-previous'));
    expect(() => verifyOwnerHistory(ORIGIN, [second])).toThrow(refused('mutation.wrong-version'));
    expect(() => verifyOwnerHistory(ORIGIN, [])).toThrow(refused('mutation.malformed'));
  });

  test('with no keys close the account', () => {
    const closing = new Account('carol');
    closing.next('first');
    closing.next('last', { authorizedKeys: [] });
    expect(verifyOwnerHistory(ORIGIN, closing.history)).toHaveLength(2);
    closing.next('after', {}, 'carol/1');
    expect(() => verifyOwnerHistory(ORIGIN, closing.history)).toThrow(refused('mutation.wrong-key'));
  });

  test('with any bit flipped are refused', () => {
    for (let bit = 0; bit < second.length * 8; bit++) {
      const altered = second.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => verifyMutation(ORIGIN, altered, first)).toThrow(refused(expect.stringMatching(/^mutation\./) as unknown as string));
    }
  });

  test('cut or extended are malformed', () => {
    for (let end = 0; end < first.length; end++) expect(() => parseMutation(first.slice(0, end))).toThrow(refused('mutation.malformed'));
    expect(() => parseMutation(Uint8Array.of(...first, 0))).toThrow(refused('mutation.malformed'));
  });

  const body = { ...parseMutation(second), authorizedKeys: ['a', 'b'].map(publicOf).sort((x, y) => x[0]! - y[0]!) };
  test.each<[string, Parameters<typeof formatMutation>[0]]>([
    ['keys out of order', { ...body, authorizedKeys: [...body.authorizedKeys].reverse() }],
    ['a key twice', { ...body, authorizedKeys: [body.authorizedKeys[0]!, body.authorizedKeys[0]!] }],
    ['17 keys', { ...body, authorizedKeys: Array.from({ length: 17 }, (_, at) => new Uint8Array(32).fill(at)) }],
    ['a short key', { ...body, authorizedKeys: [new Uint8Array(31)] }],
    ['a short signature', { ...body, signature: new Uint8Array(63) }],
    ['a negative version', { ...body, version: -1 }],
    ['a version beyond 2^53', { ...body, version: 2 ** 53 }],
    ['a back pointer at version 0', { ...body, version: 0 }],
  ])('with %s are malformed', (_what, mutation) => {
    expect(() => formatMutation(mutation)).toThrow(refused('mutation.malformed'));
  });

  test('signatures are plain Ed25519 over the message', () => {
    const mutation = parseMutation(second);
    expect(ed25519.sign(mutationMessage(ORIGIN, mutation), secretOf('alice/0'))).toEqual(mutation.signature);
  });
});

describe('commitments', () => {
  const opening = { opening: fromHex('00112233445566778899aabbccddeeff'.repeat(2)), label: utf8('alice'), version: 3, value: utf8('data') };

  test('are HMAC-SHA256 over length-prefixed parts', () => {
    // From Python's hmac module over the same bytes.
    expect(toHex(commitTo(opening))).toBe('acc6f013b3c6f00b7f8b1d0eb69caa0924ae3aca940a4a1cffc5f77573596498');
    expect(() => verifyCommitment(commitTo(opening), opening)).not.toThrow();
  });

  test.each([
    ['another label', { ...opening, label: utf8('alic') }],
    ['bytes moved from value to label', { ...opening, label: utf8('aliced'), value: utf8('ata') }],
    ['another version', { ...opening, version: 4 }],
    ['another value', { ...opening, value: utf8('Data') }],
    ['another opening', { ...opening, opening: new Uint8Array(32) }],
  ])('do not open with %s', (_what, other) => {
    expect(() => verifyCommitment(commitTo(opening), other)).toThrow(refused('map.commitment-invalid'));
  });

  test.each([
    ['a short opening', { ...opening, opening: new Uint8Array(31) }],
    ['a long opening, which HMAC would hash', { ...opening, opening: new Uint8Array(65) }],
    ['no label', { ...opening, label: new Uint8Array(0) }],
    ['a long label', { ...opening, label: new Uint8Array(256) }],
    ['a negative version', { ...opening, version: -1 }],
    ['a long value', { ...opening, value: new Uint8Array(32_769) }],
  ])('refuse %s', (_what, other) => {
    expect(() => commitTo(other)).toThrow(refused('map.malformed-opening'));
  });
});
