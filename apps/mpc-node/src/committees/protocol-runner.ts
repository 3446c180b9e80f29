import { type RunRegistry } from '@boop/platform';
import { type PartyId, roundMachine, type RoundProtocol } from '@boop/shared';
import { type Peers } from '../link/peers.ts';

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
    return await this.#registry.run(runId, roundMachine(create), {
      timeoutMs,
      peers: members.filter((party) => party !== this.#peers.self),
      send: (to, payload) => this.#peers.sendSession(to, runId, payload),
    });
  }
}
