import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { concatBytes, equalBytes } from '@boop/shared';
import { entriesOf, entryOf, leavesOf, mth, path, subproof } from './fixtures/rfc6962.ts';
import { MemoryLog } from './fixtures/memory-log.ts';
import { consistencyProof, inclusionProof, leafHash, newTiles, nodeHash, parseEntries, tilePath, treeRoot, verifyConsistencyProof, verifyInclusionProof } from './index.ts';
import { type TileReader } from './tile-reader.ts';

const SIZE_MAX = 1300;
const leaves = leavesOf(SIZE_MAX);
const full = new MemoryLog();
const sizes = fc.integer({ min: 1, max: SIZE_MAX });
/** The hostile proofs need no tiles, so smaller trees do. */
const smallSizes = fc.integer({ min: 1, max: 200 });

/** Sizes in the order in which a log with these batches passes through them. */
const batches = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 200, max: 400 })), { minLength: 1, maxLength: 6 });

/** The tree of 2^53 − 1 entries that are all the same: any node's hash is known, so trees of any size can be read. */
const perfect: Uint8Array[] = [leafHash(entryOf(0))];
for (let level = 1; level < 54; level++) perfect.push(nodeHash(perfect[level - 1]!, perfect[level - 1]!));
const endless: TileReader = {
  read: async ({ level, width }) => concatBytes(...Array.from({ length: width }, () => perfect[8 * (level as number)]!)),
};

describe('a log over tiles', () => {
  test('has the roots, tiles and bundles of RFC 6962 and tlog-tiles, however its entries are batched', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (counts) => {
        const log = new MemoryLog();
        for (const count of counts) {
          const { size } = log.head;
          const before = new Set(log.tiles.keys());
          await log.append(entriesOf(size, size + count));
          expect(log.head).toEqual({ size: size + count, root: mth(leavesOf(size + count)) });
          const written = newTiles(size, size + count).flatMap((tile) => (tile.level === 0 ? [tile, { ...tile, level: 'entries' as const }] : [tile]));
          expect([...log.tiles.keys()].filter((key) => !before.has(key)).sort()).toEqual(written.map(tilePath).sort());
        }
        const { size } = log.head;
        for (let index = 0; index * 256 < size; index++) {
          const width = Math.min(256, size - index * 256);
          const bundle = parseEntries(await log.read({ level: 'entries', index, width }), width);
          expect(concatBytes(...bundle.map(leafHash))).toEqual(await log.read({ level: 0, index, width }));
        }
        expect(await treeRoot(log, size)).toEqual(log.head.root);
      }),
      { numRuns: 6 },
    );
  });

  test('gives the proofs of RFC 6962, and they verify', async () => {
    if (full.head.size === 0) await full.append(entriesOf(0, SIZE_MAX));
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (a, b) => {
        const [older, newer] = [Math.min(a, b), Math.max(a, b)];
        const log = new MemoryLog();
        await log.append(entriesOf(0, newer));
        const inclusion = await inclusionProof(log, older - 1, newer);
        expect(inclusion).toEqual(path(older - 1, leaves.slice(0, newer)));
        verifyInclusionProof({ leafHash: leaves[older - 1]!, index: older - 1, ...log.head, proof: inclusion });
        const consistency = await consistencyProof(log, older, newer);
        expect(consistency).toEqual(subproof(older, leaves.slice(0, newer)));
        verifyConsistencyProof({ size: older, root: mth(leaves.slice(0, older)) }, log.head, consistency);
      }),
      { numRuns: 20 },
    );
  });

  test('reads each tile once for a proof', async () => {
    if (full.head.size === 0) await full.append(entriesOf(0, SIZE_MAX));
    full.reads.length = 0;
    await inclusionProof(full, 700, SIZE_MAX);
    expect(full.reads).toHaveLength(new Set(full.reads).size);
    // The entry's own tile, the partial tile at the right edge and the level above.
    expect(full.reads.sort()).toEqual(['tile/0/002', 'tile/0/005.p/20', 'tile/1/000.p/5']);
  });

  test('works beyond 32 bits', async () => {
    const large = fc.integer({ min: 2 ** 31, max: Number.MAX_SAFE_INTEGER });
    await fc.assert(
      fc.asyncProperty(large, large, async (a, b) => {
        const [older, newer] = [Math.min(a, b), Math.max(a, b)];
        const [olderHead, newerHead] = [{ size: older, root: await treeRoot(endless, older) }, { size: newer, root: await treeRoot(endless, newer) }];
        const proof = await inclusionProof(endless, older - 1, newer);
        verifyInclusionProof({ leafHash: perfect[0]!, index: older - 1, ...newerHead, proof });
        verifyConsistencyProof(olderHead, newerHead, await consistencyProof(endless, older, newer));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a hostile proof', () => {
  type Alter = (proof: Uint8Array[], at: number) => Uint8Array[];
  const alterations: Alter[] = [
    (proof, at) => proof.map((hash, index) => (index === at % proof.length ? hash.map((byte, place) => (place === at % 32 ? byte ^ (1 << (at % 8)) : byte)) : hash)),
    (proof, at) => proof.filter((_, index) => index !== at % proof.length),
    (proof, at) => [...proof.slice(0, at % (proof.length + 1)), leaves[at]!, ...proof.slice(at % (proof.length + 1))],
    (proof, at) => [...proof, proof[at % proof.length] ?? leaves[at]!],
    (proof) => [...proof].reverse(),
    (proof, at) => proof.map((hash, index) => (index === at % proof.length ? hash.slice(1) : hash)),
  ];
  const alteration = fc.tuple(fc.constantFrom(...alterations), fc.integer({ min: 0, max: SIZE_MAX - 1 }));
  const changed = (a: readonly Uint8Array[], b: readonly Uint8Array[]) => a.length !== b.length || a.some((hash, at) => !equalBytes(hash, b[at]!));
  const refusal = expect.objectContaining({ code: expect.stringMatching(/^log\.(inclusion-invalid|consistency-invalid|malformed-proof)$/) });

  test('of inclusion is refused: altered, cut, extended, reordered, or for another index or size', async () => {
    await fc.assert(
      fc.asyncProperty(smallSizes, smallSizes, alteration, async (a, b, [alter, at]) => {
        const size = Math.max(a, b);
        const index = Math.min(a, b) - 1;
        const proof = path(index, leaves.slice(0, size));
        const statement = { leafHash: leaves[index]!, index, size, root: mth(leaves.slice(0, size)), proof };
        verifyInclusionProof(statement);
        const altered = alter(proof, at);
        fc.pre(changed(altered, proof));
        expect(() => verifyInclusionProof({ ...statement, proof: altered })).toThrow(refusal);
        if (at !== index) expect(() => verifyInclusionProof({ ...statement, index: at })).toThrow(refusal);
        if (at !== index) expect(() => verifyInclusionProof({ ...statement, leafHash: leaves[at]! })).toThrow(refusal);
      }),
      { numRuns: 100 },
    );
  });

  test('of consistency is refused: altered, cut, extended, reordered, or for another size', async () => {
    await fc.assert(
      fc.asyncProperty(smallSizes, smallSizes, alteration, async (a, b, [alter, at]) => {
        const [older, newer] = [Math.min(a, b), Math.max(a, b)].map((size) => ({ size, root: mth(leaves.slice(0, size)) }));
        const proof = subproof(older!.size, leaves.slice(0, newer!.size));
        verifyConsistencyProof(older!, newer!, proof);
        const altered = alter(proof, at);
        fc.pre(changed(altered, proof));
        expect(() => verifyConsistencyProof(older!, newer!, altered)).toThrow(refusal);
        if (older!.size !== newer!.size) expect(() => verifyConsistencyProof(newer!, older!, proof)).toThrow(refusal);
        if (!equalBytes(older!.root, leaves[at]!)) expect(() => verifyConsistencyProof({ ...older!, root: leaves[at]! }, newer!, proof)).toThrow(refusal);
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, () => unknown, string]>([
    ['a negative index', () => verifyInclusionProof({ leafHash: leaves[0]!, index: -1, size: 1, root: leaves[0]!, proof: [] }), 'log.invalid-size'],
    ['a fraction', () => verifyInclusionProof({ leafHash: leaves[0]!, index: 0.5, size: 1, root: leaves[0]!, proof: [] }), 'log.invalid-size'],
    ['a size beyond 2^53', () => verifyInclusionProof({ leafHash: leaves[0]!, index: 0, size: 2 ** 60, root: leaves[0]!, proof: [] }), 'log.invalid-size'],
    ['65 hashes', () => verifyInclusionProof({ leafHash: leaves[0]!, index: 0, size: 1, root: leaves[0]!, proof: leaves.slice(0, 65) }), 'log.malformed-proof'],
    ['the empty tree', () => verifyConsistencyProof({ size: 0, root: mth([]) }, { size: 1, root: leaves[0]! }, []), 'log.consistency-from-empty'],
  ])('with %s is refused', (_what, work, code) => {
    expect(work).toThrow(expect.objectContaining({ code }));
  });
});
