import { describe, expect, test } from '@jest/globals';
import { concatBytes, isBoopError } from '@boop/shared';
import { CODE_LENGTH, INVALID } from './compcode/format.ts';
import { type TemplateHeader, encodeTemplate, parseTemplate } from './container.ts';
import { encodePalm } from './encode-palm.ts';
import { palmEncoders } from './palm-encoders.ts';
import { score } from './score.ts';
import { syntheticPalm } from './synthetic/synthetic-palm.ts';
import { VALID_CELLS_MIN, createTemplate, fromOrientations, toOrientations, validCells, valuesOf } from './template.ts';

const { template, quality } = encodePalm(syntheticPalm({ identity: 3, position: 'left-palm', capture: 0 }));
const header: TemplateHeader = { position: 'left-palm', quality, captureTimeMs: 1_760_000_000_123 };
const bytes = encodeTemplate(template, header);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isBoopError(error)) return error.code;
    throw error;
  }
  return 'accepted';
};
const edited = (edit: (values: Int8Array) => void): Int8Array => {
  const values = template.values.slice();
  edit(values);
  return values;
};
const withBytes = (edit: (copy: Uint8Array) => void): Uint8Array => {
  const copy = bytes.slice();
  edit(copy);
  return copy;
};
const BODY = bytes.length - 384;
const validCell = template.values.subarray(CODE_LENGTH).indexOf(1);

describe('the template container', () => {
  test('gives back what went in', () => {
    expect(parseTemplate(bytes)).toEqual({ template, header });
    const poor: TemplateHeader = { position: 'right-palm', quality: { score: 12, reasons: ['too-dark', 'partly-out-of-view'] }, captureTimeMs: 0 };
    expect(parseTemplate(encodeTemplate(template, poor)).header).toEqual(poor);
  });

  test('has 415 bytes and the documented order', () => {
    expect(bytes.length).toBe(5 + 15 + 11 + 384);
    expect(new TextDecoder().decode(bytes.subarray(0, 20))).toBe('BTC\x01\x0fpalm-compcode-1');
    expect([...bytes.subarray(20, 23)]).toEqual([2, quality.score, 0]);
    expect(bytes[BODY]! >> 5).toBe(toOrientations(template)[0]);
  });

  test('holds templates of every known encoder version, side by side', () => {
    for (const encoder of palmEncoders) {
      const { template: version } = encodePalm(syntheticPalm({ identity: 3, position: 'left-palm', capture: 0 }), encoder);
      expect(parseTemplate(encodeTemplate(version, header)).template).toEqual(version);
      expect(version.encoder).toBe(encoder);
      if (encoder !== template.encoder) expect(codeOf(() => score(version, template))).toBe('template.unknown-encoder');
    }
  });

  test.each([
    ['nothing', new Uint8Array(0)],
    ['truncated by a byte', bytes.subarray(0, -1)],
    ['truncated in the header', bytes.subarray(0, 22)],
    ['a byte too many', concatBytes(bytes, Uint8Array.of(0))],
    ['another magic', withBytes((b) => b.fill(0x42, 1, 2))],
    ['a later version', withBytes((b) => b.fill(2, 3, 4))],
    ['an encoder name that is no text', withBytes((b) => b.fill(0xff, 5, 6))],
    ['no position', withBytes((b) => b.fill(0, 20, 21))],
    ['position 3', withBytes((b) => b.fill(3, 20, 21))],
    ['quality 101', withBytes((b) => b.fill(101, 21, 22))],
    ['an unknown reason', withBytes((b) => b.fill(0x80, 22, 23))],
    ['a time beyond 2^53', withBytes((b) => b.fill(1, 23, 24))],
  ])('refuses %s as malformed', (_, input) => {
    expect(codeOf(() => parseTemplate(input))).toBe('template.malformed');
  });

  test('refuses another encoder version, whatever its body', () => {
    const later = withBytes((b) => b.fill('2'.charCodeAt(0), 19, 20));
    expect(codeOf(() => parseTemplate(later))).toBe('template.unknown-encoder');
    expect(codeOf(() => parseTemplate(later.subarray(0, 60)))).toBe('template.unknown-encoder');
    expect(codeOf(() => createTemplate('palm-compcode-2', template.values))).toBe('template.unknown-encoder');
  });

  test('refuses symbols that are no code', () => {
    expect(codeOf(() => parseTemplate(withBytes((b) => b.fill(0xff, BODY, BODY + 1))))).toBe('template.impossible-values');
  });

  test('refuses a mask of zeros and one below the minimum', () => {
    const empty = { encoder: template.encoder, values: new Int8Array(4096) };
    expect(codeOf(() => encodeTemplate(empty, header))).toBe('template.too-few-valid');
    const symbols = new Uint8Array(384);
    for (let at = 0; at < 384; at += 3) symbols.set([0xdb, 0x6d, 0xb6], at);
    expect(codeOf(() => parseTemplate(concatBytes(bytes.subarray(0, BODY), symbols)))).toBe('template.too-few-valid');
    const cells = (count: number): Uint8Array => new Uint8Array(1024).fill(INVALID).fill(1, 0, count);
    expect(validCells(fromOrientations(cells(VALID_CELLS_MIN)))).toBe(VALID_CELLS_MIN);
    expect(codeOf(() => createTemplate(template.encoder, valuesOf(cells(VALID_CELLS_MIN - 1))))).toBe('template.too-few-valid');
  });

  test.each([
    ['quality beyond 100', { ...header, quality: { score: 101, reasons: [] } }],
    ['a fractional quality', { ...header, quality: { score: 80.5, reasons: [] } }],
    ['reasons out of order', { ...header, quality: { score: 1, reasons: ['glare', 'blank'] as const } }],
    ['a reason twice', { ...header, quality: { score: 1, reasons: ['glare', 'glare'] as const } }],
    ['a negative time', { ...header, captureTimeMs: -1 }],
    ['another position', { ...header, position: 'left-foot' as 'left-palm' }],
  ])('does not write %s', (_, bad) => {
    expect(codeOf(() => encodeTemplate(template, bad))).toBe('template.malformed');
  });
});

describe('values from elsewhere', () => {
  test.each([
    ['a value of 2', edited((v) => v.fill(2, validCell * 3, validCell * 3 + 1))],
    ['a value of -128', edited((v) => v.fill(-128, 0, 1))],
    ['a mask of -1', edited((v) => v.fill(-1, CODE_LENGTH + validCell, CODE_LENGTH + validCell + 1))],
    ['a mask of 2', edited((v) => v.fill(2, CODE_LENGTH + validCell, CODE_LENGTH + validCell + 1))],
    ['a code under no mask', edited((v) => v.fill(0, CODE_LENGTH + validCell, CODE_LENGTH + validCell + 1))],
    ['a mask over no code', edited((v) => v.fill(0, validCell * 3, validCell * 3 + 3))],
    ['a codeword of no orientation', edited((v) => v.set([1, -1, 1], validCell * 3))],
    ['not a number', Array.from(template.values, (value, i) => (i === 7 ? Number.NaN : value))],
    ['a fraction', Array.from(template.values, (value, i) => (i === 7 ? 0.5 : value))],
  ])('%s is impossible', (_, values) => {
    expect(codeOf(() => createTemplate(template.encoder, values))).toBe('template.impossible-values');
  });

  test('another length is malformed', () => {
    expect(codeOf(() => createTemplate(template.encoder, template.values.subarray(1)))).toBe('template.malformed');
  });

  test('a template does not share memory with what it was made from', () => {
    const values = template.values.slice();
    const made = createTemplate(template.encoder, values);
    values.fill(0);
    expect(made.values).toEqual(template.values);
  });
});
