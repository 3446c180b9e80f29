import { BoopError } from '@boop/shared';
import { CODE_BITS, IRIS_TEMPLATE_LENGTH, PAIRS, PARTS } from './format.ts';

export type IrisEncoder = 'iris-gabor-1';
export const IRIS_ENCODER: IrisEncoder = 'iris-gabor-1';

/** Of 6,400: a template with fewer pairs is refused, since a small mask lets chance reach high scores. */
export const IRIS_PAIRS_MIN = 1280;

/** Features of one iris as 19,200 small integers, laid out as `format.ts` says: what a node splits, shares and multiplies. */
export interface IrisTemplate {
  readonly encoder: IrisEncoder;
  readonly values: Int8Array;
}

/**
 * The only way from foreign numbers to an IrisTemplate.
 * @throws BoopError `template.unknown-encoder`, `template.malformed` (length), `template.impossible-values` (outside the
 * alphabet, code and mask that disagree), `template.too-few-valid`
 */
export function createIrisTemplate(encoder: string, values: ArrayLike<number>): IrisTemplate {
  if (encoder !== IRIS_ENCODER) throw new BoopError('template.unknown-encoder', 'the template is of an encoder version that is not known here');
  if (values.length !== IRIS_TEMPLATE_LENGTH) throw new BoopError('template.malformed', 'a template of this encoder has 19200 values');
  for (let pair = 0; pair < PAIRS; pair++) {
    const mask = values[CODE_BITS + pair]!;
    for (let part = 0; part < PARTS; part++) {
      const code = values[pair * PARTS + part]!;
      if ((mask !== 0 && mask !== 1) || code * code !== mask) throw new BoopError('template.impossible-values', 'the values are no code of this encoder');
    }
  }
  const template: IrisTemplate = { encoder: IRIS_ENCODER, values: Int8Array.from(values) };
  if (validPairs(template) < IRIS_PAIRS_MIN) throw new BoopError('template.too-few-valid', 'too little of the iris is usable');
  return template;
}

/** The number of pairs that carry code bits, 0..6400. */
export function validPairs({ values }: IrisTemplate): number {
  let count = 0;
  for (let pair = 0; pair < PAIRS; pair++) count += values[CODE_BITS + pair]!;
  return count;
}
