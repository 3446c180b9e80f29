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

/** Where the messages of a run go; see {@link RunRegistry.route}. */
export interface RunRoute {
  /** The other parties; the loss of one ends the run at once. */
  readonly peers: readonly PartyId[];
  readonly timeoutMs: number;
  deliver(from: PartyId, payload: Uint8Array): void;
  /** The run is over here: RunUnfinished, or BoopError `run.closed`. Not called after {@link RunRegistry.route}'s own end. */
  fail(error: BoopError): void;
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
    return await new Promise<Output>((resolve, reject) => {
      let ended = false;
      const pump = (next: () => Step<Output>): void => {
        if (ended) return;
        try {
          const step = next();
          for (const message of step.send) options.send(message.to, message.payload);
          if (step.kind === 'continue') return;
          finish();
          if (step.kind === 'abort') reject(new RunAborted(step.code, step.blame));
          else resolve(step.output);
        } catch (error) {
          finish();
          reject(new BoopError('run.failed', 'the protocol run failed in this process', { kind: 'fatal', cause: error }));
        }
      };
      const { flush, end } = this.#enter(runId, {
        peers: options.peers,
        timeoutMs: options.timeoutMs,
        deliver: (from, payload) => pump(() => machine.onMessage(from, payload)),
        fail(error) {
          ended = true;
          reject(error);
        },
      });
      const finish = (): void => {
        ended = true;
        end();
      };
      pump(() => machine.start());
      if (!ended) flush();
    });
  }

  /**
   * Hands the messages of a run to whoever pumps its machine, those that came early first: a thread, or another process.
   * @returns ends the run here, once its machine is done
   * @throws BoopError `run.repeated`, `run.busy`
   */
  route(runId: Uint8Array, route: RunRoute): () => void {
    const { flush, end } = this.#enter(runId, route);
    flush();
    return end;
  }

  #enter(runId: Uint8Array, route: RunRoute): { flush(): void; end(): void } {
    const key = toHex(runId);
    if (this.#runs.has(key) || this.#ended.has(key)) throw new BoopError('run.repeated', 'this run id was used before', { kind: 'rejected' });
    if (this.#runs.size >= this.#limits.runsMax) throw new BoopError('run.busy', 'too many protocol runs', { kind: 'unavailable' });
    const heard = new Map<PartyId, number>();
    const end = (): void => {
      clearTimeout(timer);
      if (!this.#runs.delete(key)) return;
      this.#rememberEnded(key);
      this.#early.take(key);
    };
    const fail = (error: BoopError): void => {
      end();
      route.fail(error);
    };
    const timer = setTimeout(() => fail(new RunUnfinished('run.timeout', 'the protocol run took too long', quietest(route.peers, heard))), route.timeoutMs);
    this.#runs.set(key, {
      peers: new Set(route.peers),
      fail,
      deliver(from, payload) {
        heard.set(from, (heard.get(from) ?? 0) + 1);
        route.deliver(from, payload);
      },
    });
    return {
      end,
      flush: () => {
        for (const { from, payload } of this.#early.take(key)) this.deliver(from, runId, payload);
      },
    };
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

  /** Ends one run of this party's. Its messages, late ones included, are dropped from now on. */
  cancel(runId: Uint8Array, error: BoopError): void {
    this.#runs.get(toHex(runId))?.fail(error);
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
