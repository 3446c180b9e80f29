import { describe, expect, test } from '@jest/globals';
import { twinKernel } from '@boop/kernels';
import { palmStatistic } from '@boop/mpc';
import { type PartyId, toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { Gallery } from '../gallery/gallery.ts';
import { type RegistrationRecord } from '../link/peer-methods.ts';
import { Session } from '../sessions/session.ts';
import { capture, randomPalm, registrationContext, theta } from '../testing/fixtures.ts';
import { StatementMill } from '../testing/statements.ts';
import { planRun } from './run-plan.ts';
import { runSubject } from './run-subject.ts';

const rng = seededRng(12);
const mill = new StatementMill({ nodes: 5, threshold: 1 }, rng);
const { p, scoreMax, shifts } = palmStatistic;
const hash = (): string => toBase64Url(rng.bytes(32));
const recordAt = (firstSlot: number, positions: RegistrationRecord['positions']): RegistrationRecord => ({
  v: 1, networkId: 'test-net', epoch: 1, sessionId: hash(), splitHash: hash(), consent: hash(), subjectId: toBase64Url(rng.bytes(16)), firstSlot, positions, encoder: 'palm-compcode-1', verified: true, time: 1,
});

/** Templates stand for their shares: products are scores then. A neighbour, both palms of a person, another neighbour. */
const [before, left, right, after] = [1, 2, 3, 4].map(() => randomPalm(rng)) as [Int8Array, Int8Array, Int8Array, Int8Array];
const person = recordAt(1, ['left-palm', 'right-palm']);
const gallery = new Gallery(twinKernel(), palmStatistic);
const shareOf = (template: Int8Array): Int16Array => Int16Array.from(template);
gallery.append(recordAt(0, ['right-palm']), [shareOf(before)]);
gallery.append(person, [left, right].map(shareOf));
gallery.append(recordAt(3, ['right-palm']), [shareOf(after)]);

/** Of somebody who registers a right and a left palm. */
function session(references: readonly [right: Int8Array, left: Int8Array], renewed?: RegistrationRecord): Session {
  const positions = ['right-palm', 'left-palm'] as const;
  const templates = references.flatMap((reference) => [reference, ...[1, 2, 3].map(() => capture(reference, rng))]);
  const items = positions.flatMap((position) => [{ role: 'reference' as const, position, valid: 1024 }, ...[0, 1, 2].map((index) => ({ role: 'sample' as const, position, index, valid: 1024 }))]);
  const opened = new Session({
    context: registrationContext({ networkId: 'test-net' } as Parameters<typeof registrationContext>[0], rng, 0, [...positions]),
    deviceKey: '',
    header: { v: 1, networkId: 'test-net', epoch: 1, encoder: 'palm-compcode-1', splitAt: 'edge', purpose: 'registration', sessionId: hash(), items },
    view: mill.view,
    leader: 1 as PartyId,
    head: gallery.head,
    lacksRows: false,
    shares: templates.map(shareOf),
    openedAtMs: 0,
  });
  opened.renewed = renewed;
  return opened;
}

const planOf = (of: Session, operation: 'recognise' | 'de-duplicate' | 'agree') => planRun(of, gallery, { operation }, mill.members);
/** Which comparisons match at some shift. */
async function matches(of: Session, operation: 'recognise' | 'de-duplicate'): Promise<boolean[]> {
  const { rows, products } = planOf(of, operation);
  const scores = await products();
  expect(scores).toHaveLength(rows * shifts.length);
  return Array.from({ length: rows }, (_, row) => shifts.some((_shift, shift) => scores[shift * rows + row]! >= theta && scores[shift * rows + row]! <= scoreMax && scores[shift * rows + row]! < p));
}

describe('a run of a session that replaces a registration', () => {
  test('recognises each palm by its own row', async () => {
    await expect(matches(session([capture(right, rng), capture(left, rng)], person), 'recognise')).resolves.toEqual([true, true]);
    await expect(matches(session([capture(left, rng), capture(right, rng)], person), 'recognise')).resolves.toEqual([false, false]);
    await expect(matches(session([capture(right, rng), capture(after, rng)], person), 'recognise')).resolves.toEqual([true, false]);
    expect(planOf(session([right, left], person), 'recognise')).toMatchObject({ opening: 'all', galleryRows: 4, renews: person.splitHash });
  });

  test('searches all rows but those, and compares the palms with each other', async () => {
    const renewal = session([capture(right, rng), capture(left, rng)], person);
    expect(planOf(renewal, 'de-duplicate')).toMatchObject({ rows: 2 * 2 + 1, opening: 'any', galleryRows: 4, renews: person.splitHash });
    await expect(matches(renewal, 'de-duplicate')).resolves.toEqual([false, false, false, false, false]);
    for (const [somebodyElse, found] of [[before, 2], [after, 3]] as const) await expect(matches(session([capture(right, rng), capture(somebodyElse, rng)], person), 'de-duplicate')).resolves.toEqual([0, 1, 2, 3, 4].map((at) => at === found));
    await expect(matches(session([right, capture(right, rng)], person), 'de-duplicate')).resolves.toEqual([false, false, false, false, true]);
  });

  test('leaves out nothing where nothing is replaced', async () => {
    const registration = session([capture(right, rng), capture(left, rng)]);
    const plan = planOf(registration, 'de-duplicate');
    expect([plan.rows, 'renews' in plan]).toEqual([2 * 4 + 1, false]);
    expect((await matches(registration, 'de-duplicate')).filter(Boolean)).toHaveLength(2);
    expect(() => planOf(registration, 'recognise')).toThrow(expect.objectContaining({ code: 'run.not-called-for' }));
  });

  test('is for rows that the session compares with', () => {
    const renewed = recordAt(4, ['left-palm', 'right-palm']);
    for (const operation of ['recognise', 'de-duplicate'] as const) expect(() => planOf(session([right, left], renewed), operation)).toThrow(expect.objectContaining({ code: 'run.not-called-for' }));
  });

  test('is another one than that of a session which replaces nothing, or something else: their holders exchange no share', () => {
    const opened = session([right, left]);
    const subjects = [undefined, person, recordAt(0, ['left-palm', 'right-palm'])].map((renewed) => {
      opened.renewed = renewed;
      return toBase64Url(runSubject(opened, { operation: 'agree' }, palmStatistic));
    });
    expect(new Set(subjects).size).toBe(3);
  });
});
