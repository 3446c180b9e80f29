import { BoopError, type PartyId, type ProtocolMachine, type Step, toHex } from '@boop/shared';
import { type EarlyLimits, EarlyMessages } from './early-messages.ts';

export interface RunOptions {
  readonly timeoutMs: number;
  /** The other parties; the loss of one ends the run at once. */
  readonly peers: readonly PartyId[];
  readonly send: (to: PartyId, payload: Uint8Array) => void;
}

/** `run.aborted`: the protocol ended a run by itself. `reason` is the machine's code, `blame` the parties that it names. */
export class RunAborted extends BoopError {
  readonly reason: string;
  readonly blame: readonly PartyId[];

  constructor(reason: string, blame: readonly PartyId[]) {
    super('run.aborted', `the protocol run was aborted: ${reason}`, { kind: 'peer', retryAllowed: true });
    this.name = 'RunAborted';
    this.reason = reason;
    this.blame = blame;
  }
}

/** `run.peer-lost` or `run.timeout`: parties that went away or still owed a message when time was up. */
export class RunUnfinished extends BoopError {
  readonly missing: readonly PartyId[];

  constructor(code: 'run.peer-lost' | 'run.timeout', message: string, missing: readonly PartyId[]) {
    super(code, message, { kind: 'unavailable' });
    this.name = 'RunUnfinished';
    this.missing = missing;
  }
}

export interface RegistryLimits extends EarlyLimits {
  readonly runsMax: number;
  /** Ended runs whose late messages are told from early ones. */
  readonly endedRemembered: number;
}

export const REGISTRY_LIMITS: RegistryLimits = {
  messagesMax: 256,
  bytesMax: 16 * 1024 * 1024,
  ageMaxMs: 10_000,
  runsMax: 1024,
  endedRemembered: 65_536,
};

interface Run {
  readonly peers: ReadonlySet<PartyId>;
  deliver(from: PartyId, payload: Uint8Array): void;
  fail(error: BoopError): void;
}

/**
 * Pumps protocol machines: hands arriving messages to the machine of their run and its output to the link. Messages of a run that
 * this party hasn't started wait within bounds; messages of an ended run, or from a party outside it, are dropped.
 */
export class RunRegistry {
  readonly #limits: RegistryLimits;
  readonly #early: EarlyMessages;
  readonly #runs = new Map<string, Run>();
  readonly #ended = new Set<string>();

  constructor(limits: Partial<RegistryLimits> = {}, nowMs: () => number = () => performance.now()) {
    this.#limits = { ...REGISTRY_LIMITS, ...limits };
    this.#early = new EarlyMessages(this.#limits, nowMs);
  }

  get activeCount(): number {
    return this.#runs.size;
  }

  get earlyCount(): number {
    return this.#early.count;
  }

  /**
   * Runs one machine to its end.
   * @param runId 16 bytes, never used before
   * @throws RunAborted, RunUnfinished; BoopError `run.repeated`, `run.busy`, `run.failed` (the machine threw), `run.closed`
   */
  async run<Output>(runId: Uint8Array, machine: ProtocolMachine<Output>, options: RunOptions): Promise<Output> {
    const key = toHex(runId);
    if (this.#runs.has(key) || this.#ended.has(key)) throw new BoopError('run.repeated', 'this run id was used before', { kind: 'rejected' });
    if (this.#runs.size >= this.#limits.runsMax) throw new BoopError('run.busy', 'too many protocol runs', { kind: 'unavailable' });
    return await new Promise<Output>((resolve, reject) => {
      const heard = new Map<PartyId, number>();
      const end = (): void => {
        clearTimeout(timer);
        this.#runs.delete(key);
        this.#rememberEnded(key);
        this.#early.take(key);
      };
      const fail = (error: BoopError): void => {
        end();
        reject(error);
      };
      const pump = (next: () => Step<Output>): void => {
        if (!this.#runs.has(key)) return;
        try {
          const step = next();
          for (const message of step.send) options.send(message.to, message.payload);
          if (step.kind === 'abort') return fail(new RunAborted(step.code, step.blame));
          if (step.kind === 'continue') return;
          end();
          resolve(step.output);
        } catch (error) {
          fail(new BoopError('run.failed', 'the protocol run failed in this process', { kind: 'fatal', cause: error }));
        }
      };
      const timer = setTimeout(() => fail(new RunUnfinished('run.timeout', 'the protocol run took too long', quietest(options.peers, heard))), options.timeoutMs);
      this.#runs.set(key, {
        peers: new Set(options.peers),
        fail,
        deliver(from, payload) {
          heard.set(from, (heard.get(from) ?? 0) + 1);
          pump(() => machine.onMessage(from, payload));
        },
      });
      pump(() => machine.start());
      for (const { from, payload } of this.#early.take(key)) this.deliver(from, runId, payload);
    });
  }

  deliver(from: PartyId, runId: Uint8Array, payload: Uint8Array): void {
    const key = toHex(runId);
    const run = this.#runs.get(key);
    if (run?.peers.has(from)) run.deliver(from, payload);
    else if (!run && !this.#ended.has(key)) this.#early.add(from, key, payload);
  }

  /** Ends every run in which this party takes part. */
  peerLost(party: PartyId): void {
    this.#early.dropSender(party);
    for (const run of [...this.#runs.values()]) {
      if (run.peers.has(party)) run.fail(new RunUnfinished('run.peer-lost', 'a party of the run went away', [party]));
    }
  }

  close(): void {
    for (const run of [...this.#runs.values()]) run.fail(new BoopError('run.closed', 'this process is stopping', { kind: 'unavailable' }));
  }

  #rememberEnded(key: string): void {
    this.#ended.add(key);
    if (this.#ended.size <= this.#limits.endedRemembered) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      break;
    }
  }
}

/** Those who sent the fewest messages: in a protocol of rounds they hold up the others. */
function quietest(peers: readonly PartyId[], heard: ReadonlyMap<PartyId, number>): PartyId[] {
  const fewest = Math.min(...peers.map((peer) => heard.get(peer) ?? 0));
  return peers.filter((peer) => (heard.get(peer) ?? 0) === fewest);
}
