import { describe, expect, test } from '@jest/globals';
import { decodeImage, encodePalm, type Template } from '@boop/biometric';
import { palmStatistic, parseShare, splitTemplate } from '@boop/mpc';
import { seededRng } from '@boop/testing';
import { syntheticPalmOf } from '../palms.ts';
import { numberForms, templateForms, type Wrapping, wrappings } from './encodings.ts';
import { NeedleIndex } from './needle-index.ts';

const rng = seededRng(5);
const templateOf = (capture: Uint8Array): Template => encodePalm(decodeImage(capture)).template;
const palm = syntheticPalmOf(1);
const template = templateOf(palm.samples[0]!);
const strangers = [2, 3, 4, 5].map((identity) => templateOf(syntheticPalmOf(identity).samples[0]!));
const share = splitTemplate(template.values, palmStatistic, { nodes: 5, threshold: 1 }, rng)[0]!;
const numbers = new Uint16Array(share.buffer);
const index = new NeedleIndex().add('template', templateForms(template)).add('share', numberForms(numbers), 4);
const wrappingNames = Object.keys(wrappings) as Wrapping[];
const noise = (length: number): Buffer => Buffer.from(rng.bytes(length));

describe('the search', () => {
  test.each(templateForms(template).flatMap(({ form, bytes }) => wrappingNames.map((wrapping) => [form, wrapping, bytes] as const)))('finds a template as %s in %s, at any offset', (form, wrapping, bytes) => {
    for (const offset of [0, 1, 2, 1_001]) {
      const planted = Buffer.concat([noise(offset), wrappings[wrapping](Buffer.concat([noise(offset), bytes, noise(5)])), noise(300)]);
      expect(index.search(planted).map(({ what }) => what)).toContain(`template ${form}/${wrapping}`);
    }
  });

  test.each(numberForms(numbers).flatMap(({ form, bytes }) => wrappingNames.map((wrapping) => [form, wrapping, bytes] as const)))('finds a share as %s in %s', (form, wrapping, bytes) => {
    expect(index.search(Buffer.concat([noise(77), wrappings[wrapping](bytes)])).map(({ what }) => what)).toContain(`share ${form}/${wrapping}`);
  });

  test('finds any 64 distinctive coordinates in a row, as bytes or words', () => {
    for (const form of ['int8', 'residues-u16le', 'balanced-i16be']) {
      const { bytes } = templateForms(template).find((each) => each.form === form)!;
      const width = bytes.length / 3072;
      const missed = Array.from({ length: 3072 - 64 }, (_, from) => bytes.subarray(from * width, (from + 64) * width)).filter((run) => {
        const groups = new Set(Array.from({ length: run.length - 6 }, (_, at) => run.toString('latin1', at, at + 6)));
        return groups.size > 40 && index.search(run).length === 0;
      });
      expect(missed).toEqual([]);
    }
  });

  test('finds nothing in noise, zeros, templates of other people and other shares of the same template', () => {
    const again = splitTemplate(template.values, palmStatistic, { nodes: 5, threshold: 1 }, rng);
    for (const innocent of [noise(2_000_000), Buffer.alloc(100_000), Buffer.alloc(100_000, 1), ...again.map((bytes) => Buffer.from(bytes))]) expect(index.search(innocent)).toEqual([]);
    for (const stranger of strangers) for (const { bytes } of templateForms(stranger)) expect(index.search(bytes)).toEqual([]);
  });

  test('finds what JSON and a program in memory make of a share', () => {
    const inMemory = parseShare(share, palmStatistic);
    for (const leaked of [JSON.stringify(inMemory), JSON.stringify([...numbers]), Buffer.from(inMemory.buffer), Buffer.from(share).toString('base64')])
      expect(index.search(Buffer.concat([noise(9), Buffer.from(leaked)])).length).toBeGreaterThan(3);
  });

  test('tells where', () => {
    const { bytes } = templateForms(template).find(({ form }) => form === 'container')!;
    expect(index.search(Buffer.concat([noise(1_234), bytes]))[0]).toEqual({ what: 'template container/raw', offset: 1_234 });
  });
});
