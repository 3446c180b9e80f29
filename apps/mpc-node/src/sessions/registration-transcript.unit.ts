import { describe, expect, test } from '@jest/globals';
import { type MatchStatement } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { StatementMill } from '../testing/statements.ts';
import { checkRegistration } from './registration-transcript.ts';

const mill = new StatementMill({ nodes: 5, threshold: 1 }, seededRng(3));
const committees = [[1, 2, 3], [1, 4, 5], [2, 4, 5], [3, 4, 5]];
const check = (verdicts: readonly CertifiedStatement[], renews?: string) => checkRegistration(mill.view, verdicts, { galleryRows: 3, renews }, mill.members);
const agree = (bit = true, among = committees) => among.map((committee) => mill.certify('agree', committee, { kind: 'bit', bit }));
const search = (bit = false, among = committees, galleryRows = 3) => among.map((committee) => mill.certify('de-duplicate', committee, { kind: 'bit', bit }, { galleryRows }));

describe('a registration', () => {
  test('is proven by two families', () => {
    expect(check([...agree(), ...search()])).toEqual({ verified: true });
  });

  test('is unverified where too few nodes exist for a family', () => {
    const three = new StatementMill({ nodes: 3, threshold: 1 }, seededRng(4));
    const verdicts = [three.certify('agree', [1, 2, 3], { kind: 'bit', bit: true }), three.certify('de-duplicate', [1, 2, 3], { kind: 'bit', bit: false })];
    expect(checkRegistration(three.view, verdicts, { galleryRows: 3, renews: undefined }, three.members)).toEqual({ verified: false });
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

describe('a registration that replaces another', () => {
  const [renews, other] = [7, 8].map((byte) => toBase64Url(new Uint8Array(32).fill(byte))) as [string, string];
  const recognise = (bit = true, among = committees, changes: Partial<MatchStatement> = { renews }) => among.map((committee) => mill.certify('recognise', committee, { kind: 'bit', bit }, changes));
  const leavingOut = (left: string | undefined, bit = false, among = committees) => among.map((committee) => mill.certify('de-duplicate', committee, { kind: 'bit', bit }, left === undefined ? {} : { renews: left }));

  test('is proven by three families', () => {
    expect(check([...agree(), ...recognise(), ...leavingOut(renews)], renews)).toEqual({ verified: true });
  });

  test.each<[string, string, () => CertifiedStatement[]]>([
    ['a palm that one committee does not recognise', 'registration.not-recognised', () => [...agree(), ...recognise(true, committees.slice(1)), ...recognise(false, committees.slice(0, 1)), ...leavingOut(renews)]],
    ['a palm that somebody else has, too', 'registration.duplicate', () => [...agree(), ...recognise(), ...leavingOut(renews, false, committees.slice(1)), ...leavingOut(renews, true, committees.slice(0, 1))]],
    ['no recognition', 'transcript.wrong-operation', () => [...agree(), ...leavingOut(renews)]],
    ['recognitions by too few committees', 'transcript.not-covered', () => [...agree(), ...recognise(true, committees.slice(0, 1)), ...leavingOut(renews)]],
    ['a recognition by the row of somebody else', 'transcript.other-registration', () => [...agree(), ...recognise(true, committees, { renews: other }), ...leavingOut(renews)]],
    ['a recognition by nobody knows what', 'transcript.other-registration', () => [...agree(), ...recognise(true, committees, {}), ...leavingOut(renews)]],
    ['a recognition of another split', 'transcript.other-session', () => [...agree(), ...recognise(true, committees, { renews, splitHash: other }), ...leavingOut(renews)]],
    ['a search that left out the row of somebody else', 'transcript.other-registration', () => [...agree(), ...recognise(), ...leavingOut(other)]],
    ['a search that left out nothing', 'transcript.other-registration', () => [...agree(), ...recognise(), ...leavingOut(undefined)]],
  ])('is not proven by %s', (_, code, verdicts) => {
    expect(() => check(verdicts(), renews)).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, string, () => CertifiedStatement[]]>([
    ['recognised', 'transcript.wrong-operation', () => [...agree(), ...recognise(), ...search()]],
    ['left out of a search', 'transcript.other-registration', () => [...agree(), ...leavingOut(renews)]],
  ])('is nothing that a session without it may have %s', (_, code, verdicts) => {
    expect(() => check(verdicts())).toThrow(expect.objectContaining({ code }));
  });
});
