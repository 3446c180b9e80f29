import { BoopError, freeMemory, type PartyId } from '@boop/shared';
import { linkId } from './link-ids.ts';
import { type Failure } from './machine-group.ts';
import { type TaskOutput } from './outputs.ts';
import { type Shard } from './shard.ts';
import { type RunningTask } from './shard-core.ts';
import { type ShardTask } from './tasks.ts';
import { type Transport } from './transport.ts';

/** `engine.aborted`: the protocol ended a run. `reason` is its code, `blame` the parties that it names. */
export class EngineAborted extends BoopError {
  readonly reason: string;
  readonly blame: readonly PartyId[];

  constructor(reason: string, blame: readonly PartyId[]) {
    super('engine.aborted', `the comparison was aborted: ${reason}`, { kind: 'peer', retryAllowed: true });
    this.name = 'EngineAborted';
    this.reason = reason;
    this.blame = blame;
  }
}

/** A task for one shard, whose machines are numbered from `firstMachine` on among those of the run. */
export interface ShardPart {
  readonly shard: Shard;
  readonly task: ShardTask;
  readonly firstMachine: number;
  readonly machines: number;
}

export interface RunSpec {
  readonly runId: Uint8Array;
  readonly peers: readonly PartyId[];
  readonly timeoutMs: number;
}

/**
 * Runs the parts of one run on their shards and moves their messages.
 * @throws EngineAborted; BoopError `run.*` of the transport, or what a shard failed with
 */
export async function runParts(transport: Transport, { runId, peers, timeoutMs }: RunSpec, parts: readonly ShardPart[]): Promise<TaskOutput[]> {
  const routes: (() => void)[] = [];
  const tasks: RunningTask[] = [];
  try {
    return await new Promise<TaskOutput[]>((resolve, reject) => {
      const outputs: TaskOutput[] = [];
      let open = parts.length;
      parts.forEach(({ shard, task, firstMachine, machines }, at) => {
        const ids = Array.from({ length: machines }, (_, machine) => linkId(runId, firstMachine + machine));
        const running = shard.start(task, {
          send: (machine, to, payload) => transport.send(to, ids[machine]!, payload, () => freeMemory(payload)),
          failed: (failure) => reject(errorOf(failure)),
          done(output) {
            outputs[at] = output;
            open -= 1;
            if (open === 0) resolve(outputs);
          },
        });
        tasks.push(running);
        ids.forEach((id, machine) => routes.push(transport.route(id, { peers, timeoutMs, deliver: (from, payload) => running.deliver(machine, from, payload), fail: reject })));
      });
    });
  } finally {
    for (const end of routes) end();
    for (const task of tasks) task.cancel();
  }
}

const errorOf = ({ code, blame, kind }: Failure): BoopError =>
  kind === 'aborted' ? new EngineAborted(code, blame) : new BoopError(code, 'a shard could not do its part of the run', { kind: 'fatal' });
