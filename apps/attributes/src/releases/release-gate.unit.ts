import { describe, expect, test } from '@jest/globals';
import { ReleaseGate } from './release-gate.ts';

/** A task that ends when told. */
function held(): { task: () => Promise<string>; end: () => void } {
  let end = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (end = resolve));
  return { task: async () => (await waiting, 'answered'), end };
}

describe('the gate of releases', () => {
  test('lets nothing begin under a closed consent', async () => {
    const gate = new ReleaseGate(['a/1']);
    await gate.close('a/2');
    for (const key of ['a/1', 'a/2']) await expect(gate.pass(key, async () => 'x')).rejects.toMatchObject({ code: 'release.revoked' });
    await expect(gate.pass('a/3', async () => 'x')).resolves.toBe('x');
    expect([gate.isClosed('a/1'), gate.isClosed('a/3')]).toEqual([true, false]);
  });

  test('closes once what is under way has ended, also where that fails', async () => {
    const gate = new ReleaseGate();
    const [first, second] = [held(), held()];
    const answers = [gate.pass('k', first.task), gate.pass('k', async () => await second.task().then(() => Promise.reject(new Error('broken'))))];
    const other = held();
    void gate.pass('other', other.task);
    const order: string[] = [];
    const settled = Promise.allSettled(answers).then(() => order.push('answers'));
    const closed = gate.close('k').then(() => order.push('closed'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    await expect(gate.pass('k', async () => 'late')).rejects.toMatchObject({ code: 'release.revoked' });
    first.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    second.end();
    await Promise.all([settled, closed]);
    expect(order.toSorted()).toEqual(['answers', 'closed']);
    other.end();
  });
});
