import { freeMemory } from '@boop/engine';
import { type RunRegistry } from '@boop/platform';
import { type PartyId, type ProtocolMachine, roundMachine, type RoundProtocol } from '@boop/shared';
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
    return await this.runMachine(runId, members, roundMachine(create), timeoutMs);
  }

  /** As {@link run}, for a machine of any kind. */
  async runMachine<Output>(runId: Uint8Array, members: readonly PartyId[], machine: ProtocolMachine<Output>, timeoutMs: number): Promise<Output> {
    return await this.#registry.run(runId, machine, {
      timeoutMs,
      peers: members.filter((party) => party !== this.#peers.self),
      // Every message has memory of its own.
      send: (to, payload) => this.#peers.sendSession(to, runId, payload, () => freeMemory(payload)),
    });
  }
}
