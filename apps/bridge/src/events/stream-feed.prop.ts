import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type EventReader, type StoredEvent } from './event-reader.ts';
import { FeedHub } from './feed-hub.ts';
import { type Resume, type Start, type Subscriber } from './stream-feed.ts';

/** The gateway's tables in memory, each read answered a few turns later. */
class MemoryStream implements EventReader {
  epoch = 'e1';
  oldest = 1;
  readonly events: StoredEvent[] = [];

  append(): void {
    this.events.push({ offset: this.events.length + 1, payload: { type: 'event' } });
  }
  async position(stream: string) {
    await this.#turns();
    return stream === 'known' ? { epoch: this.epoch, last: this.events.length } : undefined;
  }
  async after(_stream: string, offset: number, limit: number) {
    await this.#turns();
    return { epoch: this.epoch, events: this.events.filter((event) => event.offset > offset && event.offset >= this.oldest).slice(0, limit) };
  }
  async isComplete(_stream: string, offset: number) {
    await this.#turns();
    return offset >= this.oldest - 1 && offset <= this.events.length;
  }
  async #turns(): Promise<void> {
    for (let i = 0; i < 3; i++) await Promise.resolve();
  }
}

/** Shows the first `shown` events only, as a copy that is being filled again does. */
class LateStream extends MemoryStream {
  shown = Infinity;
  override async position(stream: string) {
    const position = await super.position(stream);
    return position && { ...position, last: Math.min(position.last, this.shown) };
  }
  override async after(stream: string, offset: number, limit: number) {
    const { epoch, events } = await super.after(stream, offset, limit);
    return { epoch, events: events.filter((event) => event.offset <= this.shown) };
  }
}

class Client implements Subscriber {
  readonly got: number[] = [];
  started: Start | undefined;
  resets = 0;
  start(start: Start): void {
    this.started = start;
  }
  event({ offset }: StoredEvent): void {
    this.got.push(offset);
  }
  async drained(): Promise<void> {
    await Promise.resolve();
  }
  reset(): void {
    this.resets += 1;
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 1));
const fail = (error: unknown): void => {
  throw error;
};
const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + 1 + i);

describe('a stream feed', () => {
  test('gives each subscriber each event once and in order, whenever it joins and leaves', async () => {
    type Op = { kind: 'append' } | { kind: 'wait' } | { kind: 'join'; offset: number | undefined } | { kind: 'leave'; index: number };
    const op: fc.Arbitrary<Op> = fc.oneof(
      fc.constant<Op>({ kind: 'append' }),
      fc.constant<Op>({ kind: 'wait' }),
      fc.record({ kind: fc.constant('join' as const), offset: fc.option(fc.nat(12), { nil: undefined }) }),
      fc.record({ kind: fc.constant('leave' as const), index: fc.nat(3) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 40 }), async (ops) => {
        const stream = new MemoryStream();
        const hub = new FeedHub(stream, fail);
        const joined: { client: Client; leave: Promise<() => void>; asked: number | undefined }[] = [];
        const left = new Set<Client>();
        for (const step of ops) {
          if (step.kind === 'append') {
            stream.append();
            hub.refresh('known');
          } else if (step.kind === 'join') {
            const client = new Client();
            joined.push({ client, asked: step.offset, leave: hub.subscribe('known', step.offset === undefined ? undefined : { epoch: 'e1', offset: step.offset }, client) });
          } else if (step.kind === 'leave') {
            const gone = joined[step.index];
            if (gone) void gone.leave.then((leave) => leave());
            if (gone) left.add(gone.client);
          } else await settle();
        }
        await settle();
        for (const { client, asked } of joined) {
          const { offset, recovered } = client.started!;
          if (recovered) expect(offset).toBe(asked);
          const expected = range(offset, stream.events.length);
          expect(client.got).toEqual(left.has(client) ? expected.slice(0, client.got.length) : expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, Resume | 'begin' | undefined, Partial<Start>, number[]]>([
    ['where it stands now without a position', undefined, { offset: 3, recovered: false }, []],
    ['after the position that the client had', { epoch: 'e1', offset: 1 }, { offset: 1, recovered: true }, [2, 3]],
    ['where it stands now after another epoch', { epoch: 'e0', offset: 1 }, { offset: 3, recovered: false }, []],
    ['where it stands now when the client is ahead', { epoch: 'e1', offset: 9 }, { offset: 3, recovered: false }, []],
    ['at the oldest event on request', 'begin', { offset: 0, recovered: false }, [1, 2, 3]],
  ])('starts %s', async (_, from, start, got) => {
    const stream = new MemoryStream();
    for (let i = 0; i < 3; i++) stream.append();
    const client = new Client();
    await new FeedHub(stream, fail).subscribe('known', from, client);
    expect(client.started).toMatchObject({ epoch: 'e1', ...start });
    expect(client.got).toEqual(got);
  });

  test('knows a client that is ahead of the last notification', async () => {
    const stream = new MemoryStream();
    const hub = new FeedHub(stream, fail);
    await hub.subscribe('known', undefined, new Client());
    for (let i = 0; i < 3; i++) stream.append();
    const client = new Client();
    await hub.subscribe('known', { epoch: 'e1', offset: 2 }, client);
    expect(client.started).toEqual({ epoch: 'e1', offset: 2, recovered: true });
    expect(client.got).toEqual([3]);
  });

  test('recovers a client that is ahead of a reader that is behind, and gives it nothing twice', async () => {
    const stream = new LateStream();
    for (let i = 0; i < 5; i++) stream.append();
    stream.shown = 2;
    const hub = new FeedHub(stream, fail);
    const [early, ahead, lost] = [new Client(), new Client(), new Client()];
    await hub.subscribe('known', { epoch: 'e1', offset: 1 }, early);
    await hub.subscribe('known', { epoch: 'e1', offset: 4 }, ahead);
    await hub.subscribe('known', { epoch: 'e1', offset: 6 }, lost);
    expect([early, ahead, lost].map(({ started }) => started)).toEqual([{ epoch: 'e1', offset: 1, recovered: true }, { epoch: 'e1', offset: 4, recovered: true }, { epoch: 'e1', offset: 2, recovered: false }]);
    for (const shown of [3, 5]) {
      stream.shown = shown;
      hub.refresh('known');
      await settle();
    }
    expect([early.got, ahead.got, lost.got]).toEqual([[2, 3, 4, 5], [5], [3, 4, 5]]);
  });

  test('says so when part of what was missed is gone', async () => {
    const stream = new MemoryStream();
    for (let i = 0; i < 5; i++) stream.append();
    stream.oldest = 4;
    const client = new Client();
    await new FeedHub(stream, fail).subscribe('known', { epoch: 'e1', offset: 1 }, client);
    expect(client.started).toEqual({ epoch: 'e1', offset: 5, recovered: false });
  });

  test('resets its subscribers when the stream begins anew', async () => {
    const stream = new MemoryStream();
    const hub = new FeedHub(stream, fail);
    const client = new Client();
    await hub.subscribe('known', undefined, client);
    stream.epoch = 'e2';
    hub.refreshAll();
    await settle();
    expect(client.resets).toBe(1);
  });

  test('brings a client that is far behind to the end while others hear news', async () => {
    const stream = new MemoryStream();
    const hub = new FeedHub(stream, fail);
    const near = new Client();
    await hub.subscribe('known', undefined, near);
    for (let i = 0; i < 1_000; i++) stream.append();
    hub.refresh('known');
    const far = new Client();
    let pages = 0;
    far.drained = async () => {
      pages += 1;
      stream.append();
      hub.refresh('known');
      while (near.got.length < stream.events.length) await settle();
    };
    await hub.subscribe('known', { epoch: 'e1', offset: 0 }, far);
    expect(pages).toBeGreaterThan(3);
    expect(far.started!.recovered).toBe(true);
    expect(far.got).toEqual(range(0, stream.events.length));
    expect(near.got).toEqual(far.got);
  });

  test.each([['while it waits for news', 0], ['while it reads what it missed', 600]])('resets a client whose next events were dropped %s', async (_, missed) => {
    const stream = new MemoryStream();
    const hub = new FeedHub(stream, fail);
    for (let i = 0; i < missed; i++) stream.append();
    const client = new Client();
    const drop = (): void => {
      for (let i = 0; i < 10; i++) stream.append();
      stream.oldest = stream.events.length;
    };
    client.drained = async () => drop();
    await hub.subscribe('known', { epoch: 'e1', offset: 0 }, client);
    if (missed === 0) drop();
    hub.refreshAll();
    await settle();
    expect(client.resets).toBe(1);
    expect(client.got).toEqual(range(0, client.got.length));
  });

  test('refuses a stream that nobody made', async () => {
    await expect(new FeedHub(new MemoryStream(), fail).subscribe('unknown', undefined, new Client())).rejects.toMatchObject({ code: 'service.internal' });
  });
});
