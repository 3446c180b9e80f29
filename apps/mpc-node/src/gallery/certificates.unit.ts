import { describe, expect, test } from '@jest/globals';
import { type RegistrationCertificate } from '../link/peer-methods.ts';
import { Certificates } from './certificates.ts';

const certificate = (at: number, accountKey?: string): RegistrationCertificate => ({
  record: {
    v: 1,
    networkId: 'test',
    epoch: 1,
    sessionId: `session-${at}`,
    splitHash: `split-${at}`,
    consent: 'consent',
    ...(accountKey === undefined ? {} : { accountKey }),
    subjectId: `subject-${at}`,
    firstSlot: at,
    positions: ['left-palm', 'right-palm'],
    encoder: 'palm/1',
    retainUntil: 5_000_000_000 + at,
    verified: at % 2 === 0,
    time: 1_700_000_000 + at,
  },
  signatures: [1, 2, 3].map((party) => ({ party, signature: `signature-${at}-${party}` })),
});

describe('certificates in stock', () => {
  const all = [certificate(0, 'ada'), certificate(2), certificate(4, 'bob'), certificate(6, 'ada')];
  const stock = new Certificates();
  for (const each of all) stock.add(each);

  test('are given back as they came, by split and by session', () => {
    for (const each of all) {
      expect(stock.has(each.record.splitHash)).toBe(true);
      expect(stock.get(each.record.splitHash)).toStrictEqual(each);
      expect(stock.ofSession(each.record.sessionId)).toStrictEqual(each.record);
    }
  });

  test('of an account all, in order, and none of others', () => {
    expect(stock.ofAccount('ada')).toStrictEqual([all[0]!.record, all[3]!.record]);
    expect(stock.ofAccount('bob')).toStrictEqual([all[2]!.record]);
    expect(stock.ofAccount('eve')).toStrictEqual([]);
  });

  test('what was never added is unknown', () => {
    expect(stock.has('session-0')).toBe(false);
    expect(stock.get('split-1')).toBeUndefined();
    expect(stock.ofSession('split-0')).toBeUndefined();
  });

  test('whoever changes what it was given changes nothing here', () => {
    stock.get('split-0')!.record.positions.pop();
    expect(stock.get('split-0')).toStrictEqual(all[0]);
  });
});
