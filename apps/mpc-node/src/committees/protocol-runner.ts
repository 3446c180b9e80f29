import { type RunRegistry } from '@boop/platform';
import { type BoopError, freeMemory, type PartyId, type ProtocolMachine, roundMachine, type RoundProtocol } from '@boop/shared';
import { type Peers } from '../link/peers.ts';

/** Something that is not to be disturbed. */
export interface Pause {
  readonly idle: boolean;
  /** Resolves when it is idle. */
  pause(): Promise<void>;
}

/** Runs protocols with the other members of a committee over the mesh. */
export class ProtocolRunner {
  readonly #registry: RunRegistry;
  readonly #peers: Peers;

  constructor(registry: RunRegistry, peers: Peers) {
    this.#registry = registry;
    this.#peers = peers;
  }

  /** @param runId 16 bytes, the same at every member, never used before. @throws RunAborted, RunUnfinished */
  async run<Output>(runId: Uint8Array, members: readonly PartyId[], create: () => RoundProtocol<Output>, timeoutMs: number): Promise<Output> {
    return await this.runMachine(runId, members, roundMachine(create), timeoutMs);
  }

  /**
   * As {@link run}, for a machine of any kind.
   * @param pause what to wait for before anything goes out; the others wait too then, for they lack a message
   */
  async runMachine<Output>(runId: Uint8Array, members: readonly PartyId[], machine: ProtocolMachine<Output>, timeoutMs: number, pause?: Pause): Promise<Output> {
    // Every message has memory of its own.
    const send = (to: PartyId, payload: Uint8Array): void => this.#peers.sendSession(to, runId, payload, () => freeMemory(payload));
    return await this.#registry.run(runId, machine, { timeoutMs, peers: members.filter((party) => party !== this.#peers.self), send: pause ? inPauses(pause, send) : send });
  }

  /** Ends a run here: whoever runs it gets the error. */
  cancel(runId: Uint8Array, error: BoopError): void {
    this.#registry.cancel(runId, error);
  }
}

/** In order. */
function inPauses(pause: Pause, send: (to: PartyId, payload: Uint8Array) => void): typeof send {
  const held: (readonly [PartyId, Uint8Array])[] = [];
  const release = async (): Promise<void> => {
    await pause.pause();
    for (const [to, payload] of held.splice(0)) send(to, payload);
  };
  return (to, payload) => {
    if (held.length === 0 && pause.idle) return send(to, payload);
    held.push([to, payload]);
    if (held.length === 1) void release();
  };
}
