import { describe, expect, test } from '@jest/globals';
import { type GroupKeyRecord } from '../services/ports.ts';
import { keyChange, unexpectedKeys } from './token-key-rollover.ts';

const key = (name: string, publicKey: string): GroupKeyRecord => ({ name, suite: 's', signers: 3, publicKey });
const known = (...keys: GroupKeyRecord[]): ReadonlyMap<string, GroupKeyRecord> => new Map(keys.map((each) => [each.name, each]));
const nothing = { put: [], remove: [] };

describe('the keys that the nodes name', () => {
  test('are taken once, whatever is said later', () => {
    expect(keyChange(known(), [key('token', 'a'), key('log', 'l')])).toEqual({ put: [key('token', 'a'), key('log', 'l')], remove: [] });
    const other = [key('token', 'b'), key('log', 'm')];
    expect(keyChange(known(key('token', 'a'), key('log', 'l')), other)).toEqual(nothing);
    expect(unexpectedKeys(known(key('token', 'a'), key('log', 'l')), other, nothing)).toEqual(['token', 'log']);
  });

  test('change by way of one that was announced', () => {
    const before = known(key('token', 'a'));
    const announced = keyChange(before, [key('token', 'a'), key('token-next', 'b')]);
    expect(announced).toEqual({ put: [key('token-next', 'b')], remove: [] });
    const during = known(key('token', 'a'), key('token-next', 'b'));
    const rolled = keyChange(during, [key('token', 'b')]);
    expect(rolled).toEqual({ put: [key('token', 'b'), key('token-previous', 'a')], remove: ['token-next'] });
    expect(unexpectedKeys(during, [key('token', 'b')], rolled)).toEqual([]);
  });

  test('announce another next key before the first has signed, and never one that has', () => {
    const during = known(key('token', 'a'), key('token-next', 'b'));
    expect(keyChange(during, [key('token', 'a'), key('token-next', 'c')]).put).toEqual([key('token-next', 'c')]);
    for (const used of ['a', 'b']) expect(keyChange(during, [key('token', 'a'), key('token-next', used)])).toEqual(nothing);
    expect(keyChange(known(key('token', 'b'), key('token-previous', 'a')), [key('token', 'b'), key('token-next', 'a')])).toEqual(nothing);
  });

  test('can be announced and rolled over again in one step, and never name the previous one', () => {
    const during = known(key('token', 'a'), key('token-next', 'b'));
    expect(keyChange(during, [key('token', 'b'), key('token-next', 'c'), key('token-previous', 'z')])).toEqual({ put: [key('token', 'b'), key('token-previous', 'a')], remove: ['token-next'] });
  });
});
