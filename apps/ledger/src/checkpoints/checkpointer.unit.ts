import { describe, expect, test } from '@jest/globals';
import { type TreeHead } from '@boop/log';
import { type Logger, silentLogger } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { newEntries, nextBatch } from '../store/log-store.conformance.ts';
import { type PublishedCheckpoint } from '../store/log-store.ts';
import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { Checkpointer } from './checkpointer.ts';
import { type CheckpointSigner } from './checkpoint-signer.ts';

class FakeSigner implements CheckpointSigner {
  quorum = true;
  readonly asked: number[] = [];

  async sign({ size }: TreeHead) {
    this.asked.push(size);
    if (!this.quorum) throw new BoopError('log.no-quorum', 'too few', { kind: 'unavailable' });
    return { note: `note of ${size}`, groupKey: Uint8Array.of(1) };
  }
}

class FaultyStore extends MemoryLogStore {
  loseAnswer = false;

  override async publish(checkpoint: PublishedCheckpoint, replaces: number | undefined): Promise<void> {
    await super.publish(checkpoint, replaces);
    if (this.loseAnswer) throw new Error('connection lost');
  }
}

const grow = async (store: MemoryLogStore, count: number): Promise<void> => store.append(await nextBatch(store, newEntries((await store.head()).size, count)));
const times = { intervalMs: 1, retryMinMs: 1, retryMaxMs: 20 };

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 500) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('the checkpointer', () => {
  test('publishes what was written since the last checkpoint, and nothing for an empty log', async () => {
    const [store, signer] = [new MemoryLogStore(), new FakeSigner()];
    const checkpointer = new Checkpointer({ store, signer, log: silentLogger, ...times });
    expect(await checkpointer.step()).toBeUndefined();
    await grow(store, 2);
    expect(await checkpointer.step()).toMatchObject({ size: 2, note: 'note of 2' });
    expect(await checkpointer.step()).toBeUndefined();
    await grow(store, 1);
    expect(await checkpointer.step()).toMatchObject({ size: 3 });
    expect(signer.asked).toEqual([2, 3]);
  });

  test('waits without a quorum, says so once, and goes on by itself', async () => {
    const [store, signer] = [new MemoryLogStore(), new FakeSigner()];
    const said: string[] = [];
    const log: Logger = { ...silentLogger, warn: (message) => void said.push(message) };
    const checkpointer = new Checkpointer({ store, signer, log, ...times });
    const stop = new AbortController();
    const running = checkpointer.run(stop.signal);
    signer.quorum = false;
    await grow(store, 2);
    checkpointer.wake();
    await until(async () => signer.asked.length >= 3);
    expect(await store.published()).toBeUndefined();
    await grow(store, 2);
    signer.quorum = true;
    checkpointer.wake();
    await until(async () => (await store.published())?.size === 4);
    expect(said).toEqual(['the checkpoint waits']);
    stop.abort();
    await running;
  });

  test('a lost answer to a publication changes nothing for the next', async () => {
    const [store, signer] = [new FaultyStore(), new FakeSigner()];
    const checkpointer = new Checkpointer({ store, signer, log: silentLogger, ...times });
    store.loseAnswer = true;
    await grow(store, 1);
    await expect(checkpointer.step()).rejects.toThrow('connection lost');
    store.loseAnswer = false;
    expect(await checkpointer.step()).toBeUndefined();
    await grow(store, 1);
    expect(await checkpointer.step()).toMatchObject({ size: 2 });
  });

  test('of two, the slower one publishes nothing', async () => {
    const [store, signer] = [new MemoryLogStore(), new FakeSigner()];
    await grow(store, 1);
    const slow: CheckpointSigner = {
      sign: async (head) => {
        await grow(store, 1);
        await new Checkpointer({ store, signer, log: silentLogger, ...times }).step();
        return await signer.sign(head);
      },
    };
    await expect(new Checkpointer({ store, signer: slow, log: silentLogger, ...times }).step()).rejects.toMatchObject({ code: 'log.conflict' });
    expect((await store.published())?.size).toBe(2);
    expect(await store.checkpoint(1)).toBeUndefined();
  });
});
