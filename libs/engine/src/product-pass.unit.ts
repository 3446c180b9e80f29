import { beforeAll, expect, test } from '@jest/globals';
import { loadKernel, type SharedGallery } from '@boop/kernels';
import { seededUint32 } from '@boop/testing';
import { type RowBlock, rowBlocks } from './block-schedule.ts';
import { rowReader } from './gallery-rows.ts';
import { PassMember, ProductPass } from './product-pass.ts';

const coordinates = 16_384;
const rows = 700;
const blockRows = 400;
const blocks: readonly RowBlock[] = [...rowBlocks(rows, blockRows, 0, 1)];
const next = seededUint32(5);
const vector = () => Int16Array.from({ length: coordinates }, () => (next() % 8191) - 4095);
let gallery: SharedGallery;

beforeAll(async () => {
  gallery = (await loadKernel()).createGallery({ geometry: { kind: 'vector', coordinates }, p: 8191, rowsMax: rows, readersMax: 0 });
  for (let row = 0; row < rows; row++) gallery.append(vector());
});

function setUp(probeCounts: readonly number[]) {
  const reader = rowReader(gallery, { p: 8191, codeCoordinates: coordinates, alpha: 1, beta: 0 });
  const pass = new ProductPass(reader);
  const members = probeCounts.map((count) => new PassMember(Array.from({ length: count }, () => reader.prepare(vector())), blocks));
  for (const member of members) pass.join(blockRows, member);
  const expected = ({ probes }: PassMember, block: RowBlock): Uint16Array => {
    const out = new Uint16Array(probes.length * block.rows);
    gallery.products(probes, block.fromRow, block.fromRow + block.rows, out);
    return out;
  };
  return { pass, members, expected };
}

test('a block that is wanted is computed part by part, and the same as at once', () => {
  const { pass, members: [member], expected } = setUp([2]);
  pass.want(blockRows, member!, blocks[0]!);
  let parts = 1;
  while (pass.work()) parts += 1;
  expect(parts).toBeGreaterThan(2);
  expect(member!.ready.has(0)).toBe(true);
  for (const block of blocks) expect(pass.take(blockRows, member!, block)).toEqual(expected(member!, block));
});

test('a scan that takes a block finishes what was begun, for all scans that share it', () => {
  const { pass, members, expected } = setUp([1, 3]);
  pass.want(blockRows, members[0]!, blocks[0]!);
  pass.want(blockRows, members[1]!, blocks[0]!);
  expect(pass.work()).toBe(true);
  expect(pass.take(blockRows, members[1]!, blocks[0]!)).toEqual(expected(members[1]!, blocks[0]!));
  expect(members[0]!.ready.has(0)).toBe(true);
  expect(pass.take(blockRows, members[0]!, blocks[0]!)).toEqual(expected(members[0]!, blocks[0]!));
  expect(pass.work()).toBe(false);
});

test('a scan that leaves takes nobody with it', () => {
  const { pass, members, expected } = setUp([1, 1]);
  pass.want(blockRows, members[0]!, blocks[0]!);
  pass.work();
  pass.leave(blockRows, members[0]!);
  expect([members[0]!.missing.size, members[0]!.ready.size]).toEqual([0, 0]);
  expect(pass.work()).toBe(false);
  expect(pass.take(blockRows, members[1]!, blocks[0]!)).toEqual(expected(members[1]!, blocks[0]!));
});
