import { describe, expect, test } from '@jest/globals';
import { decodeImage, encodePalm, fuse, type Template, validCells } from '@boop/biometric';
import { palmStatistic, parseShare, reconstructTemplate } from '@boop/mpc';
import { checkSplit, cutShares, sealedSplitSchema, splitFor, supportedParameters } from '@boop/protocol';
import { partyId, toBase64Url } from '@boop/shared';
import { seededRng } from '@boop/testing';
import fc from 'fast-check';
import { createFakeNetwork, testKey } from '../fixtures/fake-network.ts';
import { palmCapture } from '../fixtures/palms.ts';
import { splitAndSeal } from './split-and-seal.ts';

const template = (identity: number, capture = 0): Template => encodePalm(decodeImage(palmCapture(identity, capture))).template;
const sessionId = toBase64Url(new Uint8Array(32).fill(9));
const device = testKey(5);

describe('splitting and sealing', () => {
  test.each(supportedParameters)('%i nodes, threshold %i: any t+1 nodes open what rebuilds the templates, in order', async (nodes, threshold) => {
    const network = await createFakeNetwork({ nodes, threshold });
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.shuffledSubarray(Array.from({ length: nodes }, (_, i) => i + 1), { minLength: threshold + 1, maxLength: threshold + 1 }), fc.integer({ min: 1, max: 2 }), async (seed, parties, count) => {
        const templates = Array.from({ length: count }, (_, i) => template(i));
        const items = templates.map((each, index) => ({ item: { role: 'sample', position: 'left-palm', index } as const, template: each }));
        const split = await splitAndSeal({ network: network.info, purpose: 'registration', sessionId, items, device }, seededRng(seed));
        expect(sealedSplitSchema.safeParse(split).success).toBe(true);
        expect(split.header.items.map(({ valid }) => valid)).toEqual(templates.map(validCells));
        for (const party of parties) checkSplit(splitFor(split, party), { networkId: 'test-net', epoch: 1, party, nodes, purpose: 'registration', sessionId });
        const opened = await network.open(split);
        for (const [at, expected] of templates.entries()) {
          const shares = new Map(parties.map((party) => [partyId(party), cutShares(opened[party - 1]!, count, palmStatistic.coordinates * 2)[at]!]));
          expect(reconstructTemplate(shares, palmStatistic, threshold)).toEqual(expected.values);
        }
      }),
      { numRuns: 2 },
    );
  });

  test('one share says nothing: its residues are spread evenly, whatever the template', async () => {
    const network = await createFakeNetwork();
    const blank: Template = { encoder: 'palm-compcode-1', values: new Int8Array(4096).fill(1) };
    const counts = new Float64Array(16);
    for (let run = 0; run < 4; run++) {
      const split = await splitAndSeal({ network: network.info, purpose: 'authentication', sessionId, items: [{ item: { role: 'probe' }, template: blank }], device }, seededRng(400 + run));
      for (const value of parseShare((await network.open(split))[2]!, palmStatistic)) counts[Math.floor(((value + 4095) * 16) / 8191)]! += 1;
    }
    const expected = (4 * 4096) / 16;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 15 degrees of freedom: 44.3 is exceeded by one seed in ten thousand.
    expect(chiSquare).toBeLessThan(44.3);
  });

  test('refuses another encoder, unsound parameters and keys that are not one per node', async () => {
    const { info } = await createFakeNetwork();
    const seal = (network: typeof info) => splitAndSeal({ network, purpose: 'authentication', sessionId, items: [{ item: { role: 'probe' }, template: template(1) }], device });
    await expect(seal({ ...info, encoder: 'palm-compcode-2' })).rejects.toMatchObject({ code: 'template.unknown-encoder' });
    await expect(seal({ ...info, threshold: 0 })).rejects.toMatchObject({ code: 'network.mismatch' });
    await expect(seal({ ...info, members: info.members.slice(1) })).rejects.toMatchObject({ code: 'network.mismatch' });
    await expect(seal({ ...info, members: info.members.map((member) => ({ ...member, hpkeKey: info.members[0]!.hpkeKey })) })).rejects.toMatchObject({ code: 'network.mismatch' });
  });

  test('refuses a template of which too little is valid: no node would take it', async () => {
    const { info } = await createFakeNetwork();
    const values = template(1).values.slice();
    values.fill(0, 3072 + 511);
    const light: Template = { encoder: 'palm-compcode-1', values };
    await expect(splitAndSeal({ network: info, purpose: 'authentication', sessionId, items: [{ item: { role: 'probe' }, template: light }], device })).rejects.toMatchObject({ code: 'template.too-few-valid' });
  });

  test('leaves the templates to the caller', async () => {
    const { info } = await createFakeNetwork();
    const mine = fuse([template(3), template(3, 1), template(3, 2)]);
    const before = mine.values.slice();
    await splitAndSeal({ network: info, purpose: 'authentication', sessionId, items: [{ item: { role: 'probe' }, template: mine }], device });
    expect(mine.values).toEqual(before);
  });
});
