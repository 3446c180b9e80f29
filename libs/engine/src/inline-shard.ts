import { type Shard } from './shard.ts';
import { ShardCore, type ShardOptions } from './shard-core.ts';

/** A shard in the caller's own thread: least latency, for runs that are shorter than a thread's turn. */
export function inlineShard(options: ShardOptions): Shard {
  const core = new ShardCore(options);
  return {
    start: (task, events) => core.start(task, events),
    forget: (committee) => core.forget(committee),
    close: async () => core.wipe(),
  };
}
