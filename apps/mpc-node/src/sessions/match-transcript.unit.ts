import { describe, expect, test } from '@jest/globals';
import { type MatchStatement } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { StatementMill } from '../testing/statements.ts';
import { checkBasis, checkMatch, checkNoAcceptance } from './match-transcript.ts';

const mill = new StatementMill({ nodes: 5, threshold: 1 }, seededRng(2));
const gallery = { rows: 3, versionOf: (row: number) => (row < 3 ? 1 : undefined) };
const check = (verdicts: readonly CertifiedStatement[], splitPassed = true) => checkMatch(mill.view, verdicts, gallery, mill.members, splitPassed);
const other = toBase64Url(new Uint8Array(32).fill(9));

/** Leaves out each of the five nodes once. */
const family = (row = 1) => [mill.identify([1, 2, 3], row), mill.confirm([1, 4, 5], row), mill.confirm([2, 4, 5], row), mill.confirm([3, 4, 5], row)];
/** The same family, all of whose committees searched. */
const together = (row = 1, last: MatchStatement['decision'] = { kind: 'one', row }) => [...[[1, 2, 3], [1, 4, 5], [2, 4, 5]].map((committee) => mill.identify(committee, row)), mill.certify('identify', [3, 4, 5], last, { rowVersion: 1 })];
const altered = (certified: CertifiedStatement, changes: Partial<MatchStatement>): CertifiedStatement => ({ ...certified, statement: { ...certified.statement, ...changes } });

describe('a match', () => {
  test('is verified when a family of committees says so', () => {
    expect(check(family())).toEqual({ row: 1, verified: true });
  });

  test('is verified when all committees of a family found the same row', () => {
    expect(check(together())).toEqual({ row: 1, verified: true });
    expect(check(together(), false)).toEqual({ row: 1, verified: false });
  });

  test('is unverified when some node sat in every committee', () => {
    expect(check(family().slice(0, 1))).toEqual({ row: 1, verified: false });
    expect(check([mill.identify([1, 2, 3], 1), mill.identify([1, 4, 5], 1)])).toEqual({ row: 1, verified: false });
    expect(check([mill.identify([1, 2, 3], 1), mill.confirm([1, 2, 4], 1), mill.confirm([1, 3, 5], 1)])).toEqual({ row: 1, verified: false });
  });

  test('is unverified where the split was not seen to pass its check, whatever the statements say', () => {
    expect(check(family(), false)).toEqual({ row: 1, verified: false });
  });

  const last = mill.confirm([3, 4, 5], 1);
  test.each<[string, string, () => CertifiedStatement[]]>([
    ['a decision altered after it was signed', 'transcript.signature', () => [altered(mill.identify([1, 2, 3], 0), { decision: { kind: 'one', row: 1 } }), last]],
    ['a signature of another member', 'transcript.signature', () => [{ ...last, signatures: last.signatures.map((signature) => ({ ...last.signatures[0]!, party: signature.party })) }]],
    ['a missing signature', 'transcript.signature', () => [...family().slice(0, 3), { ...last, signatures: last.signatures.slice(1) }]],
    ['one member signing for all', 'transcript.signature', () => [{ ...last, signatures: last.signatures.map(() => last.signatures[0]!) }]],
    ['another session', 'transcript.other-session', () => [mill.identify([1, 2, 3], 1, { sessionId: other })]],
    ['another split of the same session', 'transcript.other-session', () => [mill.identify([1, 2, 3], 1, { splitHash: other })]],
    ['another epoch', 'transcript.other-session', () => [mill.identify([1, 2, 3], 1, { epoch: 2 })]],
    ['another network', 'transcript.other-session', () => [mill.identify([1, 2, 3], 1, { networkId: 'other-net' })]],
    ['a lower threshold', 'transcript.other-session', () => [mill.identify([1, 2, 3], 1, { theta: -4000 })]],
    ['another operating point', 'transcript.other-session', () => [mill.identify([1, 2, 3], 1, { operatingPoint: 'lax' })]],
    ['a committee with one node twice', 'transcript.malformed-committee', () => [mill.identify([1, 1, 3], 1)]],
    ['a committee too large', 'transcript.malformed-committee', () => [mill.identify([1, 2, 3, 4], 1)]],
    ['a committee with a stranger', 'transcript.malformed-committee', () => [mill.identify([1, 2, 6], 1)]],
    ['one committee counted twice', 'transcript.repeated', () => [...family(), mill.confirm([3, 4, 5], 1)]],
    ['one run counted twice', 'transcript.repeated', () => [mill.identify([1, 2, 3], 1), last, mill.confirm([1, 4, 5], 1, true, { runId: last.statement.runId })]],
    ['two identifications and a confirmation', 'transcript.wrong-operation', () => [mill.identify([1, 2, 3], 1), mill.identify([1, 4, 5], 1), last]],
    ['identifications of different rows', 'transcript.other-row', () => together(1, { kind: 'one', row: 2 })],
    ['a family of which one found nobody', 'transcript.no-match', () => together(1, { kind: 'none' })],
    ['a family of which one found several', 'transcript.no-match', () => together(1, { kind: 'several' })],
    ['an identification of another version', 'transcript.other-row', () => [mill.identify([1, 2, 3], 1, { rowVersion: 2 })]],
    ['an identification of no version', 'transcript.other-row', () => [mill.certify('identify', [1, 2, 3], { kind: 'one', row: 1 })]],
    ['one of several identifications beyond what it compared', 'transcript.unknown-row', () => [mill.identify([1, 2, 3], 1), mill.identify([1, 4, 5], 1, { galleryRows: 1 })]],
    ['one committee that identified twice', 'transcript.repeated', () => [...together(), mill.identify([3, 4, 5], 1)]],
    ['confirmations alone', 'transcript.wrong-operation', () => family().slice(1)],
    ['an operation of registrations', 'transcript.wrong-operation', () => [...family(), mill.certify('agree', [1, 2, 4], { kind: 'bit', bit: true })]],
    ['an identification that found nobody', 'transcript.no-match', () => [mill.certify('identify', [1, 2, 3], { kind: 'none' })]],
    ['an identification that found several', 'transcript.no-match', () => [mill.certify('identify', [1, 2, 3], { kind: 'several' })]],
    ['a denial', 'transcript.not-confirmed', () => [mill.identify([1, 2, 3], 1), mill.confirm([1, 4, 5], 1, false)]],
    ['a confirmation of another row', 'transcript.other-row', () => [mill.identify([1, 2, 3], 1), mill.confirm([1, 4, 5], 2)]],
    ['a confirmation of another version', 'transcript.other-row', () => [mill.identify([1, 2, 3], 1), mill.confirm([1, 4, 5], 1, true, { rowVersion: 2 })]],
    ['a row beyond the gallery', 'transcript.unknown-row', () => [mill.identify([1, 2, 3], 3, { galleryRows: 4 })]],
    ['a row beyond what was compared', 'transcript.unknown-row', () => [mill.identify([1, 2, 3], 2, { galleryRows: 2 })]],
  ])('is not proven by %s', (_, code, verdicts) => {
    expect(() => check(verdicts())).toThrow(expect.objectContaining({ code }));
  });
});

describe('a refusal', () => {
  const refusal = (verdicts: readonly CertifiedStatement[], splitPassed = true) => checkNoAcceptance(mill.view, verdicts, gallery, mill.members, splitPassed);

  test('is a no-match when none or several rows matched', () => {
    expect(refusal([mill.certify('identify', [1, 2, 3], { kind: 'none' })])).toBe('no-match');
    expect(refusal([mill.certify('identify', [2, 4, 5], { kind: 'several' })])).toBe('no-match');
  });

  test('is a no-match when a committee denies what another found', () => {
    expect(refusal([mill.identify([1, 2, 3], 1), mill.confirm([1, 4, 5], 1, false)])).toBe('no-match');
  });

  test('is a no-match when committees of a family found different things', () => {
    for (const last of [{ kind: 'none' }, { kind: 'several' }, { kind: 'one', row: 2 }] as const) expect(refusal(together(1, last))).toBe('no-match');
    expect(refusal([[1, 2, 3], [1, 4, 5]].map((committee) => mill.certify('identify', committee, { kind: 'none' })))).toBe('no-match');
  });

  test('is unverified when no family confirmed', () => {
    expect(refusal([mill.identify([1, 2, 3], 1)])).toBe('unverified');
    expect(refusal(together().slice(1))).toBe('unverified');
    expect(refusal(family(), false)).toBe('unverified');
  });

  test.each<[string, string, () => CertifiedStatement[]]>([
    ['a verified match', 'transcript.match', () => family()],
    ['a match that all found', 'transcript.match', () => together()],
    ['a forged statement', 'transcript.signature', () => [altered(mill.identify([1, 2, 3], 1), { decision: { kind: 'none' } })]],
    ['confirmations without a candidate', 'transcript.other-row', () => [mill.certify('identify', [1, 2, 3], { kind: 'none' }), mill.confirm([1, 4, 5], 1)]],
  ])('is not proven by %s', (_, code, verdicts) => {
    expect(() => refusal(verdicts())).toThrow(expect.objectContaining({ code }));
  });
});

describe('a confirmation', () => {
  const basis = (certified: CertifiedStatement | undefined, row = 1) => checkBasis(mill.view, certified, row, mill.members);

  test('needs a full committee that named the row', () => {
    expect(() => basis(mill.identify([1, 2, 3], 1))).not.toThrow();
  });

  test.each<[string, string, () => CertifiedStatement | undefined]>([
    ['nothing', 'transcript.no-basis', () => undefined],
    ['another row', 'transcript.other-row', () => mill.identify([1, 2, 3], 2)],
    ['another confirmation', 'transcript.other-row', () => mill.confirm([1, 2, 3], 1)],
    ['a forged identification', 'transcript.signature', () => altered(mill.identify([1, 2, 3], 2), { decision: { kind: 'one', row: 1 } })],
    ['another session', 'transcript.other-session', () => mill.identify([1, 2, 3], 1, { sessionId: other })],
  ])('is refused on the ground of %s', (_, code, certified) => {
    expect(() => basis(certified())).toThrow(expect.objectContaining({ code }));
  });
});
