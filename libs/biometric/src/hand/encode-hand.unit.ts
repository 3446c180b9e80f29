import { describe, expect, jest, test } from '@jest/globals';
import { score } from '../score.ts';
import { encodeHand } from './encode-hand.ts';
import { locatePalm } from './locate-palm.ts';
import { type HandPlacement, syntheticHand } from './testing/synthetic-hand.ts';

jest.setTimeout(120_000);

const encoded = (placement: HandPlacement) => encodeHand(syntheticHand(placement));

describe('a whole hand', () => {
  const reference = encoded({ identity: 5 });

  test.each([
    ['moved', { at: [0.42, 0.68] }],
    ['turned by 90°', { turned: 90, at: [0.45, 0.5] }],
    ['turned by 200°', { turned: 200, at: [0.5, 0.36] }],
    ['turned by -75°', { turned: -75, palmPixels: 195, at: [0.55, 0.5] }],
    ['nearer', { palmPixels: 195, at: [0.5, 0.66] }],
    ['of another capture', { capture: 1 }],
  ] satisfies [string, Partial<HandPlacement>][])('%s gives the same palm', (_, change) => {
    const { template, position, quality } = encoded({ identity: 5, ...change });
    expect(position).toBe('right-palm');
    expect(quality.reasons).toEqual([]);
    expect(score(reference.template!, template!)).toBeGreaterThan(200);
  });

  test('of another person is another palm', () => {
    for (const identity of [6, 7, 8]) expect(score(reference.template!, encoded({ identity }).template!)).toBeLessThan(-200);
  });

  test.each([0, 70, 180])('turned by %d° still tells left from right', (turned) => {
    for (const position of ['left-palm', 'right-palm'] as const) expect(locatePalm(syntheticHand({ identity: 1, position, turned, palmPixels: 130, at: [0.5, 0.5] })).position).toBe(position);
  });

  test('bright background instead of dark', () => {
    const { template } = encoded({ identity: 5, background: 240 });
    expect(score(reference.template!, template!)).toBeGreaterThan(200);
  });

  test('without its thumb, where it is known which hand it is', () => {
    const image = syntheticHand({ identity: 5, thumb: false });
    expect(encodeHand(image)).toMatchObject({ template: undefined, quality: { score: 0, reasons: ['thumb-not-visible'] } });
    expect(score(reference.template!, encodeHand(image, 'right-palm').template!)).toBeGreaterThan(200);
  });
});

describe('reasons that a person can act on', () => {
  test.each([
    ['nothing there', () => ({ width: 320, height: 240, pixels: new Uint8Array(320 * 240).fill(30) }), undefined, ['no-hand']],
    ['fingers closed', () => syntheticHand({ identity: 2, spread: 0 }), undefined, ['fingers-not-spread']],
    ['the other hand', () => syntheticHand({ identity: 2, position: 'left-palm' }), 'right-palm', ['wrong-hand']],
    ['far away', () => syntheticHand({ identity: 2, palmPixels: 110 }), undefined, ['too-far']],
    ['fingers cut off by the view', () => syntheticHand({ identity: 2, at: [0.5, 0.2] }), undefined, ['hand-partly-out-of-view']],
  ] as const)('%s', (_, image, expected, reasons) => {
    const { quality } = encodeHand(image(), expected);
    for (const reason of reasons) expect(quality.reasons).toContain(reason);
    expect(quality.score).toBeLessThan(80);
  });

  test('any image, however odd, ends in a region or a reason', () => {
    for (const [width, height] of [[1, 1], [3, 400], [500, 2], [64, 64]] as const) {
      for (const step of [1, 7, 31]) {
        const located = locatePalm({ width, height, pixels: Uint8Array.from({ length: width * height }, (_, i) => (i * i * step) % 256) });
        expect(located.roi !== undefined || located.reasons.length > 0).toBe(true);
      }
    }
  });
});
