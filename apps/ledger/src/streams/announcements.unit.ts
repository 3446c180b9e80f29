import { describe, expect, test } from '@jest/globals';
import { Announcements } from './announcements.ts';

describe('announcements', () => {
  test('end every waiting at once, also one that begins after them', async () => {
    const announcements = new Announcements();
    const waiting = Promise.all([announcements.beyond(0, 60_000), announcements.beyond(4, 60_000)]);
    announcements.announce(5);
    await waiting;
    await announcements.beyond(4, 60_000);
    expect(announcements.size).toBe(5);
  });

  test('of nothing new end none; time and the signal do', async () => {
    const announcements = new Announcements();
    announcements.announce(5);
    let done = false;
    const stop = new AbortController();
    const waiting = announcements.beyond(5, 60_000, stop.signal).then(() => (done = true));
    announcements.announce(5);
    announcements.announce(3);
    await announcements.beyond(5, 10);
    expect([done, announcements.size]).toEqual([false, 5]);
    stop.abort();
    await waiting;
  });

  test('come from what is published, whatever a look at it throws', async () => {
    const announcements = new Announcements();
    const sizes = [1, new Error('down'), 7];
    const stop = new AbortController();
    const following = announcements.follow(async () => {
      const next = sizes.shift();
      if (sizes.length === 0) stop.abort();
      if (next instanceof Error) throw next;
      return next!;
    }, 1, stop.signal);
    await following;
    expect(announcements.size).toBe(7);
  });
});
