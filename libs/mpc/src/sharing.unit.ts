import { describe, expect, test } from '@jest/globals';
import { subsets } from '@boop/field';
import { type PartyId, partyId } from '@boop/shared';
import { chiSquareScore, seededRng, seededUint32 } from '@boop/testing';
import { palmStatistic, parseShare, reconstructTemplate, splitTemplate, type Statistic } from './index.ts';
import { parameterSets } from './testing/committee-harness.ts';
import { randomTemplate } from './testing/templates.ts';

const wide: Statistic = { ...palmStatistic, id: 'wide', p: 65521 };
const template = randomTemplate(palmStatistic, seededUint32(1));
const pick = (shares: Uint8Array[], ids: number[]): Map<PartyId, Uint8Array> => new Map(ids.map((id) => [partyId(id), shares[id - 1]!]));

describe.each(parameterSets)('(%i, %i)', (nodes, threshold) => {
  const parameters = { nodes, threshold };

  test.each([palmStatistic, wide])('any t + 1 shares give the template back over F_$p', (statistic) => {
    const shares = splitTemplate(template, statistic, parameters, seededRng(2));
    expect(shares).toHaveLength(nodes);
    const ids = shares.map((_, i) => i + 1);
    const some = subsets(ids, threshold + 1);
    for (const chosen of [some[0]!, some[some.length - 1]!, ids]) expect(reconstructTemplate(pick(shares, chosen), statistic, threshold)).toEqual(template);
    expect(() => reconstructTemplate(pick(shares, ids.slice(0, threshold)), statistic, threshold)).toThrow(expect.objectContaining({ code: 'share.too-few' }));
    shares[nodes - 1]![100]! ^= 1;
    expect(() => reconstructTemplate(pick(shares, ids), statistic, threshold)).toThrow(expect.objectContaining({ code: 'share.inconsistent' }));
  });

  test('what t nodes see is uniform and does not depend on the template', () => {
    // The same constant template throughout: without randomness every residue would be equal.
    const constant = new Int8Array(4096).fill(1);
    for (const node of [1, nodes]) {
      const counts = new Array<number>(512).fill(0);
      for (let run = 0; run < 8; run++) {
        const share = parseShare(splitTemplate(constant, palmStatistic, parameters, seededRng(run))[node - 1]!, palmStatistic);
        for (const residue of share) counts[(residue + 4095) >> 4]! += 1;
      }
      // The last cell holds 15 residues, not 16.
      expect(chiSquareScore(counts.slice(0, -1))).toBeLessThan(5);
    }
  });
});

test('jointly, t shares are uniform too', () => {
  const constant = new Int8Array(4096).fill(-1).fill(1, 3072);
  const counts = new Array<number>(256).fill(0);
  for (let run = 0; run < 8; run++) {
    const [a, b] = splitTemplate(constant, palmStatistic, { nodes: 5, threshold: 2 }, seededRng(run)).map((share) => parseShare(share, palmStatistic));
    a!.forEach((residue, i) => (counts[(((residue + 4095) >> 9) << 4) | ((b![i]! + 4095) >> 9)]! += 1));
  }
  expect(chiSquareScore(counts)).toBeLessThan(5);
});

test('a share of another length, or with a residue outside the field, is refused without echoing it', () => {
  const share = splitTemplate(template, palmStatistic, { nodes: 5, threshold: 1 }, seededRng(3))[0]!;
  const outside = share.slice();
  outside[0] = 0xff;
  outside[1] = 0x1f;
  for (const bad of [share.subarray(1), new Uint8Array([...share, 0]), new Uint8Array(0), outside, share.slice().fill(0xff, 0, 2)]) {
    expect(() => parseShare(bad, palmStatistic)).toThrow(expect.objectContaining({ code: 'share.malformed', message: 'not an encoded share of this statistic' }));
  }
});

test('only templates are split', () => {
  const code = template.slice();
  code[0] = 2;
  const mask = template.slice();
  mask[4095] = -1;
  for (const bad of [template.subarray(1), code, mask]) {
    expect(() => splitTemplate(bad, palmStatistic, { nodes: 5, threshold: 1 }, seededRng(3))).toThrow(expect.objectContaining({ code: 'template.malformed' }));
  }
  expect(() => splitTemplate(template, palmStatistic, { nodes: 2, threshold: 1 }, seededRng(3))).toThrow(expect.objectContaining({ code: 'parameters.unsupported' }));
});
