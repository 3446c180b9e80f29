import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { freeMemory } from './free-memory.ts';

test('memory that is given back is empty in all its views, of whatever realm it is', () => {
  for (const buffer of [new ArrayBuffer(64), runInNewContext('new ArrayBuffer(64)') as ArrayBuffer]) {
    const views = [new Uint8Array(buffer), new Uint16Array(buffer, 8, 4)];
    freeMemory(views[1]!);
    expect(views.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
  }
});

test('shared memory stays', () => {
  const view = new Uint8Array(new SharedArrayBuffer(64)).fill(7);
  freeMemory(view);
  expect([view.length, view[63]]).toEqual([64, 7]);
});
