import { type SignedRecordRequest } from '@boop/identity';
import { type Logger } from '@boop/platform';
import { BoopError, isBoopError } from '@boop/shared';
import { type NodeAnswer, type Nodes } from '../nodes/node-links.ts';

const timeoutMs = 3_000;
type Part = NodeAnswer<'record.evaluate'>;

/** Has 2t+1 nodes do their part in one request; another node takes the place of one that fails. */
export class EvaluationRound {
  readonly #nodes: Nodes;
  readonly #log: Logger;
  #turn = 0;

  constructor(nodes: Nodes, log: Logger) {
    this.#nodes = nodes;
    this.#log = log;
  }

  /**
   * @param exclude parties whose answers a recipient found wrong
   * @throws BoopError the refusal that t+1 nodes agree on, or `mpc.nodes-unavailable`
   */
  async run(request: SignedRecordRequest, exclude: readonly number[]): Promise<Part[]> {
    const needed = 2 * this.#nodes.threshold + 1;
    const able = this.#inTurn(this.#nodes.live().filter((party) => !exclude.includes(party)));
    if (able.length < needed) throw tooFew();
    const refusals: BoopError[] = [];
    const ask = async (): Promise<Part | undefined> => {
      for (let party = able.shift(); party !== undefined; party = able.shift()) {
        try {
          return await this.#nodes.ask(party, 'record.evaluate', { request }, timeoutMs);
        } catch (error) {
          const refusal = isBoopError(error) ? error : undefined;
          this.#log.info('a node did not evaluate', { party, code: refusal?.code ?? 'internal' });
          if (refusal?.kind === 'rejected') refusals.push(refusal);
        }
      }
      return undefined;
    };
    const parts = (await Promise.all(Array.from({ length: needed }, ask))).filter((part) => part !== undefined);
    if (parts.length === needed) return parts;
    // A liar alone can't make up a refusal.
    const agreed = refusals.find(({ code }) => refusals.filter((other) => other.code === code).length > this.#nodes.threshold);
    throw agreed ?? tooFew();
  }

  /** Load spreads over the nodes. */
  #inTurn(parties: readonly number[]): number[] {
    this.#turn = (this.#turn + 1) % Math.max(1, parties.length);
    return [...parties.slice(this.#turn), ...parties.slice(0, this.#turn)];
  }
}

const tooFew = (): BoopError => new BoopError('mpc.nodes-unavailable', 'too few nodes can answer', { kind: 'unavailable' });
