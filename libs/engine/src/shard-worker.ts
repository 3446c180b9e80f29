import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { loadKernel, loadLaneKernel } from '@boop/kernels';
import { type PartyId } from '@boop/shared';
import { opensslCtr } from './openssl-ctr.ts';
import { attachRows, type RowsHandle } from './gallery-rows.ts';
import { type RunningTask, ShardCore } from './shard-core.ts';
import { type FromShard, type ToShard } from './thread-messages.ts';

/** Entry point of a shard's thread. */
const { self, rows } = workerData as { self: PartyId; rows: RowsHandle };
const port = parentPort!;
const post = (message: FromShard, moved?: ArrayBufferView): void => port.postMessage(message, moved ? [moved.buffer as ArrayBuffer] : []);

const core = new ShardCore({ self, reader: attachRows(await loadKernel(), rows), lanes: await loadLaneKernel(), prf: opensslCtr, rng: { bytes: (count) => new Uint8Array(randomBytes(count)) } });
const running = new Map<number, RunningTask>();

port.on('message', (message: ToShard) => {
  switch (message.kind) {
    case 'start':
      return start(message.id, message.task);
    case 'deliver':
      return running.get(message.id)?.deliver(message.machine, message.from, message.payload);
    case 'cancel':
      running.get(message.id)?.cancel();
      running.delete(message.id);
      return;
    case 'forget':
      return core.forget(message.committee);
    case 'close':
      core.wipe();
      port.close();
  }
});

function start(id: number, task: Extract<ToShard, { kind: 'start' }>['task']): void {
  let ended = false;
  const end = (message: FromShard, moved?: ArrayBufferView): void => {
    ended = true;
    running.delete(id);
    post(message, moved);
  };
  const handle = core.start(task, {
    send: (machine, to, payload) => post({ kind: 'send', id, machine, to, payload }, payload),
    done: (output) => end({ kind: 'done', id, output }, output.kind === 'products' ? output.products : undefined),
    failed: (failure) => end({ kind: 'failed', id, failure }),
  });
  if (!ended) running.set(id, handle);
}

post({ kind: 'ready' });
