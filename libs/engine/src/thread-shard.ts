import { Worker } from 'node:worker_threads';
import { BoopError, type PartyId } from '@boop/shared';
import { type RowsHandle } from './gallery-rows.ts';
import { type Shard } from './shard.ts';
import { type TaskEvents } from './shard-core.ts';
import { type FromShard, type ToShard } from './thread-messages.ts';

/** Sources run as they are (tests, development); what was built has another ending. */
const fromSource = import.meta.url.endsWith('.ts');
const entry = new URL(fromSource ? './shard-worker.ts' : './shard-worker.js', import.meta.url);
const execArgv = fromSource ? ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning'] : [];

/**
 * A shard in a thread of its own, on the same gallery memory. A thread that dies fails its tasks with `engine.shard-lost`.
 * @returns once the thread is ready
 */
export async function threadShard(self: PartyId, rows: RowsHandle): Promise<Shard> {
  const worker = new Worker(entry, { workerData: { self, rows }, execArgv });
  const tasks = new Map<number, TaskEvents>();
  let nextId = 0;
  let lost = false;
  const post = (message: ToShard, payload?: Uint8Array): void => worker.postMessage(message, payload ? [payload.buffer as ArrayBuffer] : []);
  const lose = (): void => {
    lost = true;
    for (const [id, events] of [...tasks]) {
      tasks.delete(id);
      events.failed(shardLost);
    }
  };
  await new Promise<void>((resolve, reject) => {
    worker.once('error', (cause) => reject(new BoopError('engine.shard-lost', 'a shard thread did not start', { kind: 'fatal', cause })));
    worker.on('error', lose);
    worker.on('exit', lose);
    worker.on('message', (message: FromShard) => {
      if (message.kind === 'ready') return resolve();
      const events = tasks.get(message.id);
      if (!events) return;
      if (message.kind === 'send') return events.send(message.machine, message.to, message.payload);
      tasks.delete(message.id);
      if (message.kind === 'done') events.done(message.output);
      else events.failed(message.failure);
    });
  });
  return {
    start(task, events) {
      if (lost) {
        events.failed(shardLost);
        return { deliver() {}, cancel() {} };
      }
      const id = nextId++;
      tasks.set(id, events);
      post({ kind: 'start', id, task });
      return {
        deliver(machine, from, payload) {
          if (tasks.has(id)) post({ kind: 'deliver', id, machine, from, payload }, payload);
        },
        cancel() {
          if (tasks.delete(id)) post({ kind: 'cancel', id });
        },
      };
    },
    forget: (committee) => post({ kind: 'forget', committee }),
    async close() {
      if (lost) return;
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      post({ kind: 'close' });
      await ended;
    },
  };
}

const shardLost = { code: 'engine.shard-lost', blame: [], kind: 'broken' } as const;
