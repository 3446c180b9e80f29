import { type Logger } from '@boop/platform';
import { committeeFamily } from '@boop/mpc';
import { isBoopError, type PartyId } from '@boop/shared';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type Activity } from './activity.ts';
import { type CommitteeService } from './committee-service.ts';

const tickMs = 50;
/** After a refusal or a failure, so that a committee that can't fill now isn't asked in every tick. */
const pauseMs = 500;

/** Committees that sessions would use if one came now. */
export function wantedCommittees(network: Network, live: readonly PartyId[]): PartyId[][] {
  if (live.length < network.committeeSize) return [];
  return committeeFamily(live, network.nodes, network.threshold).committees;
}

/** Keeps correlations in stock while nobody waits: one batch at a time, for the committees that this node leads. */
export class PoolKeeper {
  readonly #input: { network: Network; peers: Peers; committees: CommitteeService; activity: Activity; log: Logger; lanesTarget: number; lanesPerBatch: number };
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #pausedUntilMs = 0;

  constructor(input: { network: Network; peers: Peers; committees: CommitteeService; activity: Activity; log: Logger; lanesTarget: number; lanesPerBatch: number }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Fills the emptiest committee by one batch if there is a pause. */
  async tick(): Promise<void> {
    const { network, peers, committees, activity, log, lanesTarget, lanesPerBatch } = this.#input;
    if (this.#working || !activity.idle || performance.now() < this.#pausedUntilMs) return;
    const short = wantedCommittees(network, peers.live())
      .filter((members) => members[0] === network.self)
      .map((members) => ({ members, lanes: committees.availableLanes(members) }))
      .filter(({ lanes }) => lanes < lanesTarget)
      .sort((a, b) => a.lanes - b.lanes)[0];
    if (!short) return;
    this.#working = true;
    try {
      await committees.fill(short.members, lanesPerBatch, false);
    } catch (error) {
      this.#pausedUntilMs = performance.now() + pauseMs;
      const busy = isBoopError(error) && error.kind === 'unavailable';
      if (!busy) log.warn('correlations not made', { committee: short.members, error });
    } finally {
      this.#working = false;
    }
  }
}
