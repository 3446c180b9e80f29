import { expect, test } from '@jest/globals';
import { type Session } from './session.ts';
import { SessionStore } from './session-store.ts';

/** Of which the store only looks at the name and the age. */
const sessionOf = (splitHash: string, ended: string[]): Session => ({ splitHash, openedAtMs: 0, end: () => void ended.push(splitHash) }) as unknown as Session;

test('a step that runs alone waits for open sessions, but not for one that is spent, and lets none open meanwhile', async () => {
  const sessions = new SessionStore({ nowMs: () => 0 });
  const ended: string[] = [];
  sessions.add(sessionOf('spent', ended));
  await sessions.alone(() => ended.push('first step'), 'spent');
  sessions.add(sessionOf('spent', ended));
  sessions.add(sessionOf('open', ended));
  const second = sessions.alone(() => ended.push('second step'), 'spent');
  expect(() => sessions.add(sessionOf('late', ended))).toThrow(expect.objectContaining({ code: 'gallery.behind', retryAllowed: true }));
  expect(ended).toEqual(['spent', 'first step', 'spent']);
  sessions.end('open');
  await second;
  expect(ended).toEqual(['spent', 'first step', 'spent', 'open', 'second step']);
  expect(sessions.count).toBe(0);
});
