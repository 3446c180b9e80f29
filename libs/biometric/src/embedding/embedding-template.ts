import { BoopError } from '@boop/shared';

export type EmbeddingEncoder = 'embedding-512-1';
export const EMBEDDING_ENCODER: EmbeddingEncoder = 'embedding-512-1';
export const EMBEDDING_LENGTH = 512;
/** Bound of ‖x‖², so that every ⟨x, x′⟩ fits ±4095, the residues of F_8191 (Cauchy–Schwarz). */
export const SQUARED_NORM_MAX = 4095;

/** A face, or anything else that an encoder maps to a point on a sphere, as 512 small integers with ‖x‖² ≤ 4095. */
export interface EmbeddingTemplate {
  readonly encoder: EmbeddingEncoder;
  readonly values: Int8Array;
}

/**
 * L2-normalises a vector of any encoder with 512 dimensions to length √4095 and rounds it to integers: towards zero, then away from it
 * where the most was cut off, as long as ‖x‖² ≤ 4095. The cosine of two vectors is then about ⟨x, x′⟩ / 4095.
 * @throws BoopError `embedding.wrong-length`, `embedding.not-finite`, `embedding.zero` (no direction)
 */
export function quantiseEmbedding(vector: ArrayLike<number>): EmbeddingTemplate {
  if (vector.length !== EMBEDDING_LENGTH) throw new BoopError('embedding.wrong-length', 'an embedding has 512 values');
  const copy = Float64Array.from(vector);
  if (!copy.every((value) => value - value === 0)) throw new BoopError('embedding.not-finite', 'an embedding has finite values only');
  const largest = copy.reduce((most, value) => (value > most ? value : -value > most ? -value : most), 0);
  if (largest === 0) throw new BoopError('embedding.zero', 'a vector of zeros has no direction');
  // By the largest value first: squares of very large or very small numbers would overflow or vanish.
  const direction = copy.map((value) => value / largest);
  const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
  const scaled = direction.map((value) => (value / length) * Math.sqrt(SQUARED_NORM_MAX));
  const values = Int8Array.from(scaled);
  const cut = scaled.map((value, i) => (value < 0 ? values[i]! - value : value - values[i]!));
  let norm = squaredNorm(values);
  for (const i of Array.from(cut.keys()).sort((a, b) => cut[b]! - cut[a]!)) {
    const growth = 2 * (values[i]! < 0 ? -values[i]! : values[i]!) + 1;
    if (cut[i]! < 0.3 || norm + growth > SQUARED_NORM_MAX) continue;
    values[i]! += scaled[i]! < 0 ? -1 : 1;
    norm += growth;
  }
  return { encoder: EMBEDDING_ENCODER, values };
}

/** The only way from foreign integers to an EmbeddingTemplate. @throws BoopError `template.unknown-encoder`, `template.malformed`, `template.impossible-values` (too long a vector, or zero) */
export function createEmbeddingTemplate(encoder: string, values: ArrayLike<number>): EmbeddingTemplate {
  if (encoder !== EMBEDDING_ENCODER) throw new BoopError('template.unknown-encoder', 'the template is of an encoder version that is not known here');
  if (values.length !== EMBEDDING_LENGTH) throw new BoopError('template.malformed', 'a template of this encoder has 512 values');
  const checked = Int8Array.from(values);
  const norm = squaredNorm(checked);
  if (checked.some((value, i) => value !== values[i]) || norm > SQUARED_NORM_MAX || norm === 0) throw new BoopError('template.impossible-values', 'the values are no code of this encoder');
  return { encoder: EMBEDDING_ENCODER, values: checked };
}

/** ⟨a, b⟩ in [−4095, 4095]: the oracle of what nodes compute over shares. */
export function compareEmbeddings(a: EmbeddingTemplate, b: EmbeddingTemplate): number {
  if (a.encoder !== b.encoder) throw new BoopError('template.unknown-encoder', 'templates of two encoder versions do not compare');
  return a.values.reduce((sum, value, i) => sum + value * b.values[i]!, 0);
}

const squaredNorm = (values: Int8Array): number => values.reduce((sum, value) => sum + value * value, 0);
