import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toBase64Url } from '@boop/shared';
import { AMOUNT_MAX, BalanceForest, type BalanceProof, balancesCommitmentHash, type CommittedAccount, verifyBalanceProof } from './index.ts';

/** A ledger whose sums are zero: each account's credits are the next one's debits. */
const ledgerOf = (amounts: readonly bigint[], assets = ['EUR', 'USD']): CommittedAccount[] =>
  assets.flatMap((asset) =>
    amounts.map((amount, at) => ({
      id: `person.${at}:${asset}`,
      asset,
      opening: new Uint8Array(32).fill(at + 1),
      balances: { debitsPosted: amounts[(at + 1) % amounts.length]!, creditsPosted: amount, debitsPending: amount / 2n, creditsPending: amounts[(at + 1) % amounts.length]! / 2n },
    })),
  );
const copy = (proof: BalanceProof): BalanceProof => structuredClone(proof);

test('every account’s proof verifies under one commitment, whatever the number of accounts', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: AMOUNT_MAX }), { minLength: 1, maxLength: 33 }), (amounts) => {
      const accounts = ledgerOf(amounts);
      const forest = new BalanceForest('net', 9n, accounts);
      for (const { id, asset, balances } of accounts) {
        expect(verifyBalanceProof(forest.prove(id))).toEqual({ accountId: id, asset, sequence: 9n, balances, commitmentHash: balancesCommitmentHash(forest.commitment) });
      }
      expect(forest.prove('person.x:none')).toBeUndefined();
    }),
    { numRuns: 30, seed: 1 },
  );
});

describe('a proof is refused', () => {
  const accounts = ledgerOf([5n, 7n, 11n, 13n, 17n]);
  const forest = new BalanceForest('net', 9n, accounts);
  const proof = forest.prove('person.2:EUR')!;
  const eur = (one: BalanceProof) => one.commitment.assets[0]!;

  test.each<[string, string, (one: BalanceProof) => unknown]>([
    ['with another balance', 'balances.wrong-root', (one) => (one.balances.creditsPosted = '12')],
    ['of another account', 'balances.wrong-root', (one) => (one.accountId = 'person.3:EUR')],
    ['under another asset', 'balances.wrong-root', (one) => (one.asset = 'USD')],
    ['under an asset that is not committed', 'balances.wrong-root', (one) => (one.asset = 'CHF')],
    ['with another opening', 'balances.wrong-root', (one) => (one.opening = toBase64Url(new Uint8Array(32)))],
    ['with a sibling’s sums changed', 'balances.wrong-root', (one) => (one.path[0]!.sums.creditsPosted = '1')],
    ['with a sibling on the other side', 'balances.wrong-root', (one) => (one.path[0]!.side = one.path[0]!.side === 'left' ? 'right' : 'left')],
    ['with a step left out', 'balances.wrong-root', (one) => one.path.pop()],
    ['with the root’s sums raised on both sides', 'balances.wrong-root', (one) => {
      eur(one).sums.debitsPosted = '60';
      eur(one).sums.creditsPosted = '60';
    }],
    ['when credits were made from nothing', 'balances.not-zero-sum', (one) => (eur(one).sums.creditsPosted = '54')],
    ['when reservations don’t match', 'balances.not-zero-sum', (one) => (eur(one).sums.debitsPending = '0')],
    ['with a negative sum', 'balances.malformed', (one) => (one.path[0]!.sums.debitsPosted = '-5')],
    ['with a huge sum', 'balances.wrong-root', (one) => (one.path[0]!.sums.debitsPosted = '9'.repeat(38))],
    ['with an asset named twice', 'balances.malformed', (one) => one.commitment.assets.push(one.commitment.assets[0]!)],
    ['with an extra field', 'balances.malformed', (one) => ((one as unknown as { extra: number }).extra = 1)],
  ])('%s', (_, code, spoil) => {
    const spoiled = copy(proof);
    spoil(spoiled);
    expect(() => verifyBalanceProof(spoiled)).toThrow(expect.objectContaining({ code }));
  });

  test('when an account with debt is hidden behind a negative one', () => {
    // Without the debtor the sum is not zero; no second account can make up for it but one with real debits.
    const hiding = new BalanceForest('net', 9n, accounts.filter(({ id }) => id !== 'person.1:EUR'));
    expect(() => verifyBalanceProof(hiding.prove('person.2:EUR'))).toThrow(expect.objectContaining({ code: 'balances.not-zero-sum' }));
    expect(() => new BalanceForest('net', 9n, [{ ...accounts[0]!, balances: { ...accounts[0]!.balances, creditsPosted: -5n } }])).toThrow(expect.objectContaining({ code: 'balances.out-of-range' }));
  });
});
