import { describe, expect, test } from '@jest/globals';
import { compareEmbeddings, compareIrises, encodeIris, encodePalm, quantiseEmbedding, score as palmScore, syntheticEye, syntheticPalm } from '@boop/biometric';
import { embeddingStatistic, irisStatistic, palmStatistic, score } from '@boop/mpc';

/** Encoders and nodes each know a modality's layout, shifts and statistic; here they meet. */
describe('what the encoders compare in the clear is what the nodes compare over shares', () => {
  test('palms', () => {
    const [a, b] = [0, 1].map((capture) => encodePalm(syntheticPalm({ identity: 1, position: 'left-palm', capture })).template);
    expect(score(palmStatistic, a!.values, b!.values)).toBe(palmScore(a!, b!));
  });

  test('irises, one of them turned', () => {
    const [a, b, c] = [
      { identity: 1, capture: 0 },
      { identity: 1, capture: 1, rotation: 6 },
      { identity: 2, capture: 0 },
    ].map((seed) => encodeIris(syntheticEye(seed).image).template);
    expect(score(irisStatistic, a!.values, b!.values)).toBe(compareIrises(a!, b!).score);
    expect(score(irisStatistic, b!.values, a!.values)).toBe(compareIrises(b!, a!).score);
    expect(score(irisStatistic, a!.values, c!.values)).toBe(compareIrises(a!, c!).score);
  });

  test('embeddings', () => {
    const [a, b] = [1, 2].map((step) => quantiseEmbedding(Array.from({ length: 512 }, (_, i) => ((i * step * 37) % 101) - 50)));
    expect(score(embeddingStatistic, a!.values, b!.values)).toBe(compareEmbeddings(a!, b!));
  });
});
