import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AMOUNT_MAX, feeOf, type FeeSchedule, formatCsv, parseAmount, parseCsv, parseExternalCsv, parseFeeSchedule, reconcile, settle, settlementTransfers, statementCsv, TRANSFER_STATUSES, usesUpId } from './index.ts';

const schedule = (rule: object): FeeSchedule => parseFeeSchedule({ asset: 'EUR', rules: [{ code: 'payment', basisPoints: 0, fixed: '0', ...rule }] });

describe('amounts', () => {
  test.each(['0', '1', String(AMOUNT_MAX)])('%s is one', (text) => expect(parseAmount(text)).toBe(BigInt(text)));
  test.each(['', '-1', '1.0', '01', '1e3', ' 1', '0x1', '9223372036854775808', '١'])('%j is none', (text) => {
    expect(() => parseAmount(text)).toThrow(expect.objectContaining({ code: 'amount.malformed' }));
  });
});

describe('fees', () => {
  test.each<[object, bigint, bigint]>([
    [{ basisPoints: 150 }, 100n, 2n],
    [{ basisPoints: 150 }, 99n, 1n],
    [{ basisPoints: 1 }, 4_999n, 0n],
    [{ basisPoints: 1 }, 5_000n, 1n],
    [{ basisPoints: 100, fixed: '25' }, 1_000n, 35n],
    [{ basisPoints: 100, min: '30' }, 1_000n, 30n],
    [{ basisPoints: 10_000, max: '40' }, 1_000n, 40n],
    [{ basisPoints: 10_000 }, AMOUNT_MAX, AMOUNT_MAX],
  ])('%j of %s is %s', (rule, amount, fee) => expect(feeOf(schedule(rule), 'payment', amount)).toBe(fee));
  test('there is none for a code without a rule', () => expect(feeOf(schedule({ fixed: '9' }), 'refund', 100n)).toBe(0n));
  test.each([{ asset: 'EUR', rules: [{ code: 'a', basisPoints: -1, fixed: '0' }] }, { asset: 'EUR', rules: [{ code: 'a', basisPoints: 0.5, fixed: '0' }] }, { asset: 'EUR', rules: [{ code: 'a', basisPoints: 0, fixed: '0', min: '5', max: '4' }] }, { asset: 'EUR', rules: [{ code: 'a', basisPoints: 0, fixed: '0' }, { code: 'a', basisPoints: 1, fixed: '0' }] }, { asset: 'eur', rules: [] }])('%j is no schedule', (value) => {
    expect(() => parseFeeSchedule(value)).toThrow(expect.objectContaining({ code: 'fees.malformed' }));
  });
});

describe('a settlement', () => {
  const run = { id: 'r', accountId: 'vendor.shop:main', asset: 'EUR', feeAccount: 'network.fees:EUR', payoutAccount: 'network.payouts:EUR' };
  const totalsOf = (lines: Parameters<typeof settle>[0]) => settle(lines, schedule({ basisPoints: 100 }));

  test('takes fees transfer by transfer, and leaves earlier settlements out', () => {
    const totals = totalsOf([{ code: 'payment', side: 'credit', amount: 50n, count: 3 }, { code: 'refund', side: 'debit', amount: 20n, count: 1 }, { code: 'settlement-payout', side: 'debit', amount: 999n, count: 1 }, { code: 'settlement-fee', side: 'debit', amount: 9n, count: 1 }]);
    // 1 % of 50 is half a cent, rounded up each time.
    expect(totals).toMatchObject({ gross: 150n, returned: 20n, fees: 3n, net: 127n });
    expect(totals.byCode.map(({ code, count }) => [code, count])).toEqual([['payment', 3], ['refund', 1]]);
    expect(settlementTransfers(run, totals).map(({ id, linked, amount }) => [id, linked, amount])).toEqual([['network.settlement:r.fee', true, 3n], ['network.settlement:r.payout', false, 127n]]);
  });
  test('pays nothing out when the vendor owes, and moves nothing when there is nothing', () => {
    expect(settlementTransfers(run, totalsOf([{ code: 'payment', side: 'credit', amount: 100n, count: 1 }, { code: 'refund', side: 'debit', amount: 100n, count: 1 }])).map(({ id, linked }) => [id, linked])).toEqual([['network.settlement:r.fee', false]]);
    expect(settlementTransfers(run, totalsOf([]))).toEqual([]);
  });
});

describe('CSV', () => {
  test('what is written is read back, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('a,b', '"', '\r\n', ''))), (rows) => {
        const read = parseCsv(formatCsv(['a', 'b', 'c'], rows), ['a', 'b', 'c'], { rowsMax: 1_000, fieldMax: 1_000 });
        const plain = (value: string): string => (/^[=+\-@\t\r]/.test(value) && !/^-?[0-9]+$/.test(value) ? `'${value}` : value);
        expect(read).toEqual(rows.map((row) => row.map(plain)));
      }),
      { numRuns: 200, seed: 3 },
    );
  });
  test.each(['=HYPERLINK("x")', '+1+1', '-1-1', '@SUM(A1)', '\tx'])('%j is no formula any more', (value) => expect(formatCsv(['a'], [[value]]).split('\r\n')[1]).toMatch(/^"?'/));
  test.each(['', 'a,b\n', 'x,b,c\n', 'a,b,c\n1,2', 'a,b,c\n1,2,3,4', 'a,b,c\n"1,2,3', 'a,b,c\n"1"x,2,3', 'a,b,c\n1"2,2,3', 'a,b,c\n1,2,', 'a,b,c\r1,2,3'])('%j is refused', (text) => {
    expect(() => parseCsv(text, ['a', 'b', 'c'], { rowsMax: 9, fieldMax: 9 })).toThrow(expect.objectContaining({ code: 'csv.malformed' }));
  });
  test('is bounded', () => {
    const limits = { rowsMax: 2, fieldMax: 3 };
    expect(parseCsv('a\n1\n2\n', ['a'], limits)).toEqual([['1'], ['2']]);
    for (const text of ['a\n1\n2\n3\n', 'a\n1234\n']) expect(() => parseCsv(text, ['a'], limits)).toThrow(expect.objectContaining({ code: 'csv.too-large' }));
  });
});

test('a reconciliation names what each side lacks, what differs and what is repeated', () => {
  const ours = parseExternalCsv('transfer,side,amount\na,credit,5\nb,debit,7\nc,credit,9\n');
  const theirs = parseExternalCsv('transfer,side,amount\na,credit,5\nb,credit,7\nd,debit,1\na,credit,5\n');
  expect(reconcile(ours, theirs)).toEqual({ matched: 1, missingHere: ['d'], missingThere: ['c'], different: [{ transferId: 'b', here: 'debit 7', there: 'credit 7' }], repeated: ['a'], difference: 9n, isBalanced: false });
  expect(reconcile(ours, ours)).toMatchObject({ matched: 3, isBalanced: true, difference: 0n });
});

test('a statement’s CSV carries the balance after each line', () => {
  const zero = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
  const text = statementCsv({ accountId: 'a', asset: 'EUR', fromMs: 0, toMs: 1, opening: zero, closing: zero, lines: [{ sequence: 1n, atMs: 0, transferId: 't', kind: 'single', code: 'x', side: 'debit', counterparty: 'c', moved: 5n, reserved: 0n, reference: 'say "hi", please', balances: { ...zero, debitsPosted: 5n } }] });
  expect(text.split('\r\n')[1]).toBe('1,1970-01-01T00:00:00.000Z,t,single,x,debit,c,5,0,"say ""hi"", please",-5');
});

test('every failure that another moment might not repeat uses its id up, and no other', () => {
  expect(TRANSFER_STATUSES.filter(usesUpId)).toEqual([
    'debit_account_not_found', 'credit_account_not_found', 'pending_transfer_not_found', 'overflows_debits_pending', 'overflows_credits_pending', 'overflows_debits_posted', 'overflows_credits_posted', 'overflows_debits', 'overflows_credits', 'exceeds_credits', 'exceeds_debits',
  ]);
});
