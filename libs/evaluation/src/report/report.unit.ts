import { describe, expect, test } from '@jest/globals';
import { BoopError } from '@boop/shared';
import { type CaptureSet } from '../captures.ts';
import { elementsOf } from '../testing/well-formed.ts';
import { type EncoderUnderTest, type EvaluationReport, type ReportInput, buildReport } from './build-report.ts';
import { counted, figure, target, whole } from './format.ts';
import { htmlReport } from './html-report.ts';
import { REPORT_SCHEMA, jsonReport } from './json-report.ts';

/** A "template" is a number and captures of a palm lie near each other; similarity is nearness. */
const palms = ['a', 'b', 'c', '<img src=x onerror=alert(1)>'];
const set: CaptureSet<number> = {
  captures: palms.flatMap((palm, p) => [1, 2, 3, 4].map((i) => ({ palm, name: `${i < 3 ? 1 : 2}_${i}`, session: i < 3 ? '1' : '2', template: 100 * p + i }))),
  failures: [{ palm: 'a', name: '2_"broken"', reason: 'capture.unreadable' }, { palm: 'blank', name: '1_1', reason: 'capture.wrong-size' }],
};
const encoder: EncoderUnderTest<number> = { name: 'near', set, menu: [{ encoder: 'palm-compcode-1', falseMatchRate: 1e-4, theta: -50 }], threshold: -50, fuse: (templates) => templates.reduce((sum, t) => sum + t, 0) / templates.length };
const input: ReportInput<number> = { source: 'made & up', encoders: [encoder, { name: 'plain', set, menu: [] }], compare: (a, b) => -Math.abs(a - b), samples: 2, seed: 5, replicates: 40, cohorts: new Map([['a', 'left']]), ignored: ['notes.txt'] };
const report = buildReport(input);

describe('the report', () => {
  test('has every encoder in every protocol', () => {
    expect(report.evaluations.map(({ name, genuine, impostor }) => [name, genuine.count, impostor.count])).toEqual([
      ['near, every pair', 24, 96],
      ['plain, every pair', 24, 96],
      ['near, 2 fused', 8, 24],
      ['plain, first capture', 8, 24],
    ]);
    expect(report.evaluations[0]).toMatchObject({ eer: { rate: 0 }, genuine: { min: -3, max: -1 }, impostor: { max: -97 }, margin: 94, areaUnderRoc: 1 });
  });

  test('counts failures to acquire and to enrol, by reason', () => {
    expect(report.acquisitions[0]).toMatchObject({ encoder: 'near', palms: 5, attempts: 18, rate: 2 / 18, reasons: [{ reason: 'capture.unreadable', count: 1 }, { reason: 'capture.wrong-size', count: 1 }] });
    expect(report.enrolments).toMatchObject([
      { encoder: 'near', samples: 2, fused: true, attempts: 5, rate: 0.2, failures: [{ palm: 'blank', reason: 'enrolment.too-few-samples' }] },
      { encoder: 'plain', samples: 1, fused: false, attempts: 5 },
    ]);
  });

  test('a rejection rate has the failures to acquire in it', () => {
    expect(report.evaluations[0]!.menu).toMatchObject([{ threshold: -50, falseMatches: 0, falseNonMatches: 0, fmr: 0, frr: 2 / 18, far: 0, kept: true }]);
  });

  test('a menu that the captures refute is called so', () => {
    const loose = buildReport({ ...input, encoders: [{ ...encoder, menu: [{ encoder: 'palm-compcode-1', falseMatchRate: 1e-4, theta: -101 }] }] });
    expect(loose.evaluations[0]!.menu[0]).toMatchObject({ kept: false, falseMatches: 39 });
  });

  test('says how little so few comparisons prove', () => {
    expect(report.evaluations[0]!.limits).toEqual({ impostorComparisons: 96, impostorPairs: 6, genuineComparisons: 24, genuinePalms: 4, fmr: 3 / 96, fmrByPairs: 0.5, fnmr: 0.125, fnmrByPalms: 0.75 });
  });

  test('what cannot be run is told, and only all of it is an error', () => {
    const single = { ...encoder, set: { captures: set.captures.filter(({ name }) => name === '1_1' || name === '1_2'), failures: [] } };
    expect(buildReport({ ...input, encoders: [single] })).toMatchObject({ evaluations: [{ name: 'near, every pair' }], skipped: [{ name: 'near, 2 fused', reason: 'evaluation.no-genuine' }] });
    expect(() => buildReport({ ...input, encoders: [{ ...encoder, set: { captures: set.captures.slice(0, 4), failures: [] } }] })).toThrow(expect.objectContaining({ code: 'evaluation.one-palm' }));
    expect(() => buildReport({ ...input, encoders: [] })).toThrow(expect.objectContaining({ code: 'evaluation.no-encoder' }));
  });

  test('a fault of the comparison goes on', () => {
    expect(() => buildReport({ ...input, compare: () => Infinity })).toThrow(BoopError);
  });

  test('replays', () => {
    expect(buildReport(input)).toEqual(report);
  });
});

/** Names of all fields, sorted, arrays by their first entry. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
}

describe('JSON', () => {
  const json = jsonReport(report);

  test('is plain: survives writing and reading, so no infinity and no typed array', () => {
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  test('keeps its schema', () => {
    expect(json['schema']).toBe(REPORT_SCHEMA);
    expect(Object.keys(json)).toEqual(['schema', 'source', 'seed', 'replicates', 'ignored', 'acquisitions', 'enrolments', 'evaluations', 'skipped']);
    const first = (json['evaluations'] as Record<string, unknown>[])[0]!;
    expect(Object.keys(first).sort()).toEqual(
      ['areaUnderRoc', 'calibrations', 'cohorts', 'curve', 'decidability', 'eer', 'fixedRates', 'genuine', 'holdOuts', 'impostor', 'limits', 'margin', 'menu', 'name', 'palms', 'sessions', 'threshold', 'zoo'],
    );
    const interval = { lower: 'number', upper: 'number' };
    expect(shape({ eer: first['eer'], menu: first['menu'], genuine: first['genuine'] })).toEqual({
      eer: { rate: 'number', threshold: 'number', interval, replicates: 'number' },
      menu: [{ target: 'number', threshold: 'number', falseMatches: 'number', fmr: 'number', fmrInterval: interval, falseNonMatches: 'number', fnmr: 'number', fnmrInterval: interval, frr: 'number', far: 'number', kept: 'boolean' }],
      genuine: { count: 'number', mean: 'number', deviation: 'number', min: 'number', max: 'number' },
    });
  });

  test('the curve ends where everything is rejected', () => {
    const { curve } = (json['evaluations'] as { curve: unknown[] }[])[0]!;
    expect(curve[0]).toEqual({ threshold: null, fmr: 0, fnmr: 1 });
    expect(curve.at(-1)).toMatchObject({ fmr: 1, fnmr: 0 });
  });
});

describe('HTML', () => {
  const html = htmlReport(report as EvaluationReport);
  const elements = elementsOf(html);

  test('is well-formed with all tables and figures', () => {
    expect(elements.filter(({ name }) => name === 'svg').length).toBe(2 + 2 * 4);
    for (const caption of ['Failure to acquire', 'Failure to enrol', 'False non-match rate at fixed', 'Genuine comparisons by session', 'Cohorts, at threshold', 'Zoo']) expect(html).toContain(caption);
  });

  test('loads nothing and runs nothing, whatever folders are called', () => {
    expect(elements.map(({ name }) => name)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(script|img|link|iframe|a)$/)]));
    expect(elements.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => /^(on|href|src)/.test(name))).toEqual([]);
    expect(html).toContain("default-src 'none'");
  });

  test('names what was not acquired and what was left out', () => {
    for (const text of ['a/2_&#34;broken&#34;', 'blank/1_1', 'notes.txt is no capture', 'not measurable', 'made &#38; up']) expect(html).toContain(text);
  });
});

describe('figures in words', () => {
  test.each([[1234567, '1 234 567'], [999, '999'], [0, '0']])('whole(%p)', (value, label) => expect(whole(value)).toBe(label));
  test.each([[1e-6, '10⁻⁶'], [1e-10, '10⁻¹⁰'], [0.01, '1 %']])('target(%p)', (value, label) => expect(target(value)).toBe(label));
  test.each([[648, '648'], [8.069582, '8.0696'], [null, '–'], [Infinity, '–']])('figure(%p)', (value, label) => expect(figure(value)).toBe(label));
  test('counts come with what they are of', () => {
    expect([counted(0, 600, { lower: 0, upper: 0.005 }), counted(3, 1000, { lower: 0, upper: 0.01 })]).toEqual(['0 of 600 (< 0.5 %)', '0.3 % (3 of 1 000)']);
  });
});
