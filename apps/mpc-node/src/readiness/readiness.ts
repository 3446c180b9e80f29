import { type Clock } from '@boop/shared';
import { type PoolKeeper } from '../committees/pool-keeper.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type KeyRing } from '../signing/key-ring.ts';

/** How long a node waits for members that are not up: more than lies between two attempts to reach one. */
const membersMs = 3_000;
/** After that it says that it is ready whatever it lacks: the network may have nobody else. */
const patienceMs = 10_000;
const periodMs = 50;

/**
 * When a node that has just started says that it serves. It could as soon as it sees 2t+1 nodes with all group keys; but until the nodes see each other's present processes the first
 * sessions fail, and until there are keys and correlations they wait for them. Once it has said so, that a peer restarts or a stock runs short takes nothing back.
 */
export class Readiness {
  readonly #input: { network: Network; peers: Pick<Peers, 'live'>; ring: Pick<KeyRing, 'complete'>; keeper: Pick<PoolKeeper, 'provides'>; clock: Clock };
  readonly #warmUp: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #ableSinceMs: number | undefined;
  #warm = false;
  #settled: boolean;

  /**
   * @param input.warmUp what else is to be done first; awaited as long as all else
   * @param input.settled for an epoch after another one: the network as a whole moves to it, and nobody else is there meanwhile
   */
  constructor({ warmUp, settled, ...input }: { network: Network; peers: Pick<Peers, 'live'>; ring: Pick<KeyRing, 'complete'>; keeper: Pick<PoolKeeper, 'provides'>; clock: Clock; warmUp: () => Promise<void>; settled: boolean }) {
    this.#input = input;
    this.#warmUp = warmUp;
    this.#settled = settled;
  }

  start(): void {
    if (this.#settled) return;
    void this.#warmUp().finally(() => (this.#warm = true));
    this.#timer = setInterval(() => this.look(), periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whether a request has any chance: it is served then, ready or not. */
  get able(): boolean {
    const { network, peers, ring } = this.#input;
    return ring.complete && peers.live().length >= network.committeeSize;
  }

  /** What the node says of itself. */
  get ready(): boolean {
    return this.#settled && this.able;
  }

  /** Looks whether the wait is over. */
  look(): void {
    const { network, peers, keeper, clock } = this.#input;
    if (this.#settled || !this.able) return;
    this.#ableSinceMs ??= clock.nowMs();
    const waitedMs = clock.nowMs() - this.#ableSinceMs;
    const complete = peers.live().length === network.nodes || waitedMs >= membersMs;
    this.#settled = (complete && this.#warm && keeper.provides) || waitedMs >= patienceMs;
    if (this.#settled) this.stop();
  }
}
