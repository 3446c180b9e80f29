import { BoopError, toBase64Url } from '@boop/shared';
import { type Nodes } from './node-links.ts';

const timeoutMs = 2_000;

/** Public group keys as t+1 nodes agree on them. */
export class GroupKeys {
  readonly #nodes: Nodes;

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
  }

  /** @returns the key, serialised @throws BoopError `mpc.nodes-unavailable` while fewer than t+1 nodes say the same */
  async get(name: string): Promise<Uint8Array> {
    const answers = await Promise.allSettled(this.#nodes.live().map((party) => this.#nodes.ask(party, 'keys.get', { name }, timeoutMs)));
    const keys = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.key] : []));
    const agreed = keys.find((key) => keys.filter((other) => toBase64Url(other) === toBase64Url(key)).length > this.#nodes.threshold);
    if (!agreed) throw new BoopError('mpc.nodes-unavailable', 'too few nodes tell the key', { kind: 'unavailable' });
    return agreed;
  }
}
