import { type RunningTask, type TaskEvents } from './shard-core.ts';
import { type ShardTask } from './tasks.ts';

/**
 * Port: a part of the node's matching, in this thread, in another, or in another process.
 * Contract: tasks run side by side; events of a task come in order and end with one `done` or `failed`, none after `cancel`; messages for
 * a task that has ended are dropped. Payloads given to `deliver` and to `send` change hands. All nodes of a network have the same number of shards.
 */
export interface Shard {
  start(task: ShardTask, events: TaskEvents): RunningTask;
  /** Forgets a committee's keys and correlations. */
  forget(committee: string): void;
  /** Wipes what it holds, then ends. */
  close(): Promise<void>;
}
