import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { equalBytes, toHex, utf8 } from '@boop/shared';
import { MemoryMap } from './fixtures/memory-map.ts';
import { rootOfEntries } from './fixtures/sparse-map.ts';
import { EMPTY_MAP_ROOT, type MapEntry, type MapLookup, mapLookup, updateMap, verifyMapLookup, verifyMapUpdate } from './index.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Indices that share long prefixes with one another, and others. */
const indices = fc.oneof(
  bytes32,
  fc.tuple(fc.nat({ max: 31 }), fc.nat({ max: 255 })).map(([at, byte]) => new Uint8Array(32).fill(byte, at, at + 1)),
);
const entries = (max: number) => fc.uniqueArray(fc.record({ index: indices, value: bytes32 }), { maxLength: max, selector: ({ index }) => toHex(index) });
const entryOf = (name: number, value = 0): MapEntry => ({ index: sha256(utf8(`index ${name}`)), value: sha256(utf8(`value ${value}`)) });
const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('a map', () => {
  test('has the root of its definition after any batches, and shows every index present or absent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entries(12), { maxLength: 4 }), indices, async (batches, other) => {
        const map = new MemoryMap();
        const state = new Map<string, MapEntry>();
        const revisions: { root: Uint8Array; state: MapEntry[] }[] = [];
        for (const batch of batches) {
          const before = map.root;
          const { root, writes, proof, before: values } = await updateMap(map, before, batch);
          expect(values).toEqual(batch.map(({ index }) => state.get(toHex(index))?.value));
          expect(verifyMapUpdate(before, batch, proof)).toEqual({ root, before: values });
          map.store(writes);
          map.root = root;
          for (const entry of batch) state.set(toHex(entry.index), entry);
          expect(root).toEqual(rootOfEntries([...state.values()]));
          revisions.push({ root, state: [...state.values()] });
        }
        for (const revision of revisions) {
          for (const { index, value } of revision.state) expect(verifyMapLookup(revision.root, index, await mapLookup(map, revision.root, index))).toEqual(value);
          const held = revision.state.find(({ index }) => equalBytes(index, other))?.value;
          expect(verifyMapLookup(revision.root, other, await mapLookup(map, revision.root, other))).toEqual(held);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('holds two indices that differ in their last bit only', async () => {
    const [a, b] = [{ ...entryOf(1), index: new Uint8Array(32) }, { ...entryOf(2, 1), index: new Uint8Array(32).fill(1, 31) }];
    const map = new MemoryMap();
    await map.set([a]);
    const { root, proof, writes } = await updateMap(map, map.root, [b]);
    expect(verifyMapUpdate(map.root, [b], proof).root).toEqual(root);
    map.store(writes);
    const lookup = await mapLookup(map, root, b.index);
    expect(lookup.siblings).toHaveLength(256);
    expect(verifyMapLookup(root, b.index, lookup)).toEqual(b.value);
    expect(verifyMapLookup(root, a.index, await mapLookup(map, root, a.index))).toEqual(a.value);
  });

  test('reads once per level for a whole batch', async () => {
    const map = new MemoryMap();
    await map.set(Array.from({ length: 1_000 }, (_, at) => entryOf(at)));
    map.reads = 0;
    await updateMap(map, map.root, Array.from({ length: 100 }, (_, at) => entryOf(at * 10, 1)));
    // Levels of the deepest of 100 leaves among 1,000: log2(1,000) and a few.
    expect(map.reads).toBeLessThan(24);
  });

  test('refuses an index twice in a batch, and parts that have not 32 bytes', async () => {
    const map = new MemoryMap();
    const entry = entryOf(1);
    expect(await codeOf(() => updateMap(map, map.root, [entry, { ...entry, value: sha256(utf8('other')) }]))).toBe('map.duplicate-index');
    expect(await codeOf(() => updateMap(map, map.root, [{ ...entry, index: new Uint8Array(31) }]))).toBe('map.malformed-index');
    expect(await codeOf(() => mapLookup(map, map.root, new Uint8Array(33)))).toBe('map.malformed-index');
    expect(await codeOf(() => verifyMapUpdate(new Uint8Array(5), [], new Uint8Array(0)))).toBe('map.malformed-index');
  });

  test('does not believe its storage', async () => {
    const map = new MemoryMap();
    await map.set([entryOf(1), entryOf(2), entryOf(3)]);
    for (const [key, bytes] of map.nodes) map.nodes.set(key, bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)));
    expect(await codeOf(() => mapLookup(map, map.root, entryOf(1).index))).toBe('map.node-corrupt');
    expect(await codeOf(() => updateMap(map, map.root, [entryOf(4)]))).toBe('map.node-corrupt');
  });
});

describe('a hostile proof', () => {
  const known = Array.from({ length: 40 }, (_, at) => entryOf(at));
  const alterLookup: ((lookup: MapLookup, at: number) => MapLookup)[] = [
    (lookup, at) => ({ ...lookup, siblings: lookup.siblings.map((hash, place) => (place === at % lookup.siblings.length ? hash.map((byte, k) => (k === at % 32 ? byte ^ 1 : byte)) : hash)) }),
    (lookup, at) => ({ ...lookup, siblings: lookup.siblings.filter((_, place) => place !== at % lookup.siblings.length) }),
    (lookup) => ({ ...lookup, siblings: [...lookup.siblings, EMPTY_MAP_ROOT] }),
    ({ siblings }) => ({ siblings }),
    ({ siblings }, at) => ({ siblings, leaf: entryOf(at + 41) }),
    ({ siblings, leaf }, at) => ({ siblings, leaf: { ...leaf!, value: leaf!.value.map((byte, k) => (k === at % 32 ? byte ^ 1 : byte)) } }),
  ];

  test('of a lookup never shows another value, nor absence of what is there', async () => {
    const map = new MemoryMap();
    await map.set(known);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 45 }), fc.nat({ max: 255 }), fc.constantFrom(...alterLookup), async (name, at, alter) => {
        const { index } = entryOf(name);
        const lookup = await mapLookup(map, map.root, index);
        fc.pre(lookup.leaf !== undefined);
        expect(await codeOf(() => verifyMapLookup(map.root, index, alter(lookup, at)))).toBe('map.proof-invalid');
        const another = entryOf(name + 1).index;
        const shown = await codeOf(() => verifyMapLookup(map.root, another, lookup));
        // The same path may serve a neighbour's absence, but only of an index that is absent.
        if (name + 1 < known.length) expect(shown).toBe('map.proof-invalid');
        else expect([undefined, 'map.proof-invalid']).toContainEqual(shown);
      }),
      { numRuns: 200 },
    );
  });

  test('of absence by a leaf at a place that is not its own is refused', () => {
    const [held, absent] = [entryOf(1), entryOf(2)];
    const misplaced = { siblings: [EMPTY_MAP_ROOT, EMPTY_MAP_ROOT, EMPTY_MAP_ROOT, EMPTY_MAP_ROOT], leaf: held };
    // A root over a tree in which the first leaf stands on the way of the second.
    let hash = sha256(Uint8Array.of(2, ...held.index, ...held.value));
    for (let depth = 3; depth >= 0; depth--) hash = sha256((absent.index[0]! >> (7 - depth)) & 1 ? Uint8Array.of(3, ...EMPTY_MAP_ROOT, ...hash) : Uint8Array.of(3, ...hash, ...EMPTY_MAP_ROOT));
    expect((held.index[0]! ^ absent.index[0]!) >> 4).not.toBe(0);
    expect(() => verifyMapLookup(hash, absent.index, misplaced)).toThrow(expect.objectContaining({ code: 'map.proof-invalid' }));
  });

  test('of an update in a map with a leaf at a place that is not its own is refused', () => {
    const [left, right] = [{ index: new Uint8Array(32), value: new Uint8Array(32) }, { index: new Uint8Array(32).fill(0x80), value: new Uint8Array(32) }];
    const misplaced = Uint8Array.of(2, ...right.index, ...right.value);
    const root = sha256(Uint8Array.of(3, ...sha256(misplaced), ...EMPTY_MAP_ROOT));
    expect(() => verifyMapUpdate(root, [left], Uint8Array.of(3, ...misplaced, ...EMPTY_MAP_ROOT))).toThrow(expect.objectContaining({ code: 'map.malformed-transition' }));
  });

  test('of an update is refused: a flipped bit, a cut, an addition, another batch', async () => {
    const map = new MemoryMap();
    await map.set(known);
    const batch = [entryOf(3, 1), entryOf(17, 1), entryOf(100)];
    const { proof, root } = await updateMap(map, map.root, batch);
    const refusals = ['map.malformed-transition', 'map.transition-invalid'];
    fc.assert(
      fc.property(fc.nat({ max: proof.length * 8 - 1 }), fc.nat({ max: proof.length - 1 }), (bit, end) => {
        const hostile = [proof.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)), proof.slice(0, end), Uint8Array.of(...proof, 0)];
        for (const altered of hostile) {
          expect(() => verifyMapUpdate(map.root, batch, altered)).toThrow(expect.objectContaining({ code: expect.stringMatching(refusals.join('|')) }));
        }
      }),
      { numRuns: 200 },
    );
    expect(() => verifyMapUpdate(root, batch, proof)).toThrow(expect.objectContaining({ code: 'map.transition-invalid' }));
    expect(await codeOf(() => verifyMapUpdate(map.root, [...batch, entryOf(55)], proof))).not.toBe(root);
    // Other values give another root, never the same.
    expect(verifyMapUpdate(map.root, [entryOf(3, 2), ...batch.slice(1)], proof).root).not.toEqual(root);
  });
});
