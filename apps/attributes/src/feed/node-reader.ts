import { type Logger } from '@boop/platform';
import { feedDocumentsMax, type FeedOutcome } from '@boop/protocol';
import { type Clock, isBoopError } from '@boop/shared';
import { type Nodes } from '../nodes/node-links.ts';
import { type FeedLog, type FeedLogEntry, type FeedPosition } from './feed-log.ts';

const timeoutMs = 3_000;

interface NodeReaderInput {
  readonly party: number;
  readonly nodes: Nodes;
  readonly log: FeedLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly feed: { head(): FeedPosition; read(entries: readonly FeedLogEntry[], outcomes: readonly FeedOutcome[]): void };
}

/** One node's reading of the feed: a heartbeat, and what it lacks, one request at a time. */
export class NodeReader {
  readonly #input: NodeReaderInput;
  #working: Promise<void> | undefined;
  #again = false;
  #read = 0;

  constructor(input: NodeReaderInput) {
    this.#input = input;
  }

  /** Entries up to here were read by the node. */
  get read(): number {
    return this.#read;
  }

  /** Tells the node how far the feed goes, and what it lacks; while that is under way, once more when it is done. */
  beat(): void {
    this.#again = true;
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    const { party, nodes, logger } = this.#input;
    while (this.#again && nodes.live().includes(party)) {
      this.#again = false;
      try {
        let position = await this.#heartbeat();
        // A node that is ahead has seen what this side lost: it releases nothing until somebody has looked into it.
        if (position.seq > this.#input.feed.head().seq) logger.error('a node has read more of the feed than there is', { party });
        while (position.seq < this.#input.feed.head().seq) position = await this.#deliver(position);
        if (position.seq > this.#read) {
          this.#read = position.seq;
          await this.#heartbeat();
        }
      } catch (error) {
        logger.warn('a node did not read the feed', { party, code: isBoopError(error) ? error.code : 'internal' });
        return;
      }
    }
  }

  async #heartbeat(): Promise<FeedPosition> {
    const { party, nodes, clock, feed } = this.#input;
    const timeMs = clock.nowMs();
    return await nodes.ask(party, 'feed.heartbeat', { ...feed.head(), timeMs }, timeoutMs);
  }

  async #deliver({ seq, digest }: FeedPosition): Promise<FeedPosition> {
    const { party, nodes, log, logger, feed } = this.#input;
    if ((await log.digestAt(seq)) !== digest) {
      logger.error('a node has read another feed than this one', { party });
      throw new Error('diverged');
    }
    const entries = await log.after(seq, feedDocumentsMax);
    if (entries.length === 0) throw new Error('the node lacks what was erased');
    const { outcomes, ...position } = await nodes.ask(party, 'feed.apply', { after: seq, documents: entries.map(({ document }) => document) }, timeoutMs);
    feed.read(entries.slice(0, outcomes.length), outcomes);
    this.#read = position.seq;
    return position;
  }
}
