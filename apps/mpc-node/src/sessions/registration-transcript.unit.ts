import { describe, expect, test } from '@jest/globals';
import { seededRng } from '@boop/testing';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { StatementMill } from '../testing/statements.ts';
import { checkRegistration } from './registration-transcript.ts';

const mill = new StatementMill({ nodes: 5, threshold: 1 }, seededRng(3));
const committees = [[1, 2, 3], [1, 4, 5], [2, 4, 5], [3, 4, 5]];
const check = (verdicts: readonly CertifiedStatement[]) => checkRegistration(mill.view, verdicts, 3, mill.members);
const agree = (bit = true, among = committees) => among.map((committee) => mill.certify('agree', committee, { kind: 'bit', bit }));
const search = (bit = false, among = committees, galleryRows = 3) => among.map((committee) => mill.certify('de-duplicate', committee, { kind: 'bit', bit }, { galleryRows }));

describe('a registration', () => {
  test('is proven by two families', () => {
    expect(check([...agree(), ...search()])).toEqual({ verified: true });
  });

  test('is unverified where too few nodes exist for a family', () => {
    const three = new StatementMill({ nodes: 3, threshold: 1 }, seededRng(4));
    const verdicts = [three.certify('agree', [1, 2, 3], { kind: 'bit', bit: true }), three.certify('de-duplicate', [1, 2, 3], { kind: 'bit', bit: false })];
    expect(checkRegistration(three.view, verdicts, 3, three.members)).toEqual({ verified: false });
  });

  test.each<[string, string, () => CertifiedStatement[]]>([
    ['a duplicate that one committee found', 'registration.duplicate', () => [...agree(), ...search(false, committees.slice(1)), ...search(true, committees.slice(0, 1))]],
    ['samples that disagree in one committee', 'registration.samples-disagree', () => [...agree(true, committees.slice(1)), ...agree(false, committees.slice(0, 1)), ...search()]],
    ['searches by too few committees', 'transcript.not-covered', () => [...agree(), ...search(false, committees.slice(0, 1))]],
    ['agreements by too few committees', 'transcript.not-covered', () => [...agree(true, committees.slice(0, 1)), ...search()]],
    ['a search over fewer rows', 'transcript.other-gallery', () => [...agree(), ...search(false, committees, 2)]],
    ['no search', 'transcript.wrong-operation', () => agree()],
    ['no agreement', 'transcript.wrong-operation', () => search()],
    ['an identification among them', 'transcript.wrong-operation', () => [...agree(), ...search(), mill.identify([1, 2, 4], 1)]],
    ['a decision of another kind', 'transcript.wrong-operation', () => [...agree(), ...search(), mill.certify('agree', [1, 2, 4], { kind: 'none' })]],
  ])('is not proven by %s', (_, code, verdicts) => {
    expect(() => check(verdicts())).toThrow(expect.objectContaining({ code }));
  });
});
