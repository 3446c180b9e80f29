import { describe, expect, test } from '@jest/globals';
import { BoopError } from '@boop/shared';
import { type CaptureSet } from './captures.ts';
import { enrol } from './enrolment.ts';

const captures = [
  ...['1_2', '1_1', '2_1', '2_2'].map((name) => ({ palm: 'whole', name, session: name[0]!, template: name })),
  { palm: 'short', name: '1_1', session: '1', template: 'lonely' },
  ...['1_1', '1_2', '1_3'].map((name) => ({ palm: 'refused', name, session: '1', template: 'bad' })),
];
const set: CaptureSet<string> = { captures, failures: [{ palm: 'blank', name: '1_1', reason: 'capture.unreadable' }] };
const join = (templates: readonly string[]): string => {
  if (templates.includes('bad')) throw new BoopError('template.too-few-valid', 'too little');
  return templates.join('+');
};

describe('enrolment', () => {
  const { references, probes, failures } = enrol(set, 2, join);

  test('takes the first captures by name', () => {
    expect(references).toEqual([{ palm: 'whole', name: '1_1', session: '1', template: '1_1+1_2' }]);
  });

  test('counts every palm that was presented, also one of which nothing was acquired', () => {
    expect(failures).toEqual([
      { palm: 'blank', reason: 'enrolment.too-few-samples' },
      { palm: 'refused', reason: 'template.too-few-valid' },
      { palm: 'short', reason: 'enrolment.too-few-samples' },
    ]);
  });

  test('the captures of palms that failed stay as probes', () => {
    expect(probes.map(({ palm, name }) => `${palm}/${name}`)).toEqual(['refused/1_1', 'refused/1_2', 'refused/1_3', 'short/1_1', 'whole/2_1', 'whole/2_2']);
  });

  test('a fault in the maker is no failure to enrol', () => {
    expect(() => enrol(set, 1, () => { throw new TypeError('bug'); })).toThrow(TypeError);
  });

  test.each([0, -1, 1.5])('refuses %p samples', (samples) => {
    expect(() => enrol(set, samples, join)).toThrow(expect.objectContaining({ code: 'evaluation.enrolment' }));
  });
});
