import { type Logger } from '@boop/platform';
import { committeeFamily } from '@boop/mpc';
import { isBoopError, type PartyId } from '@boop/shared';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type Activity } from './activity.ts';
import { type CommitteeService } from './committee-service.ts';
import { type RunScope } from './committee-state.ts';
import { type HolderKeysService } from './holder-keys-service.ts';

const tickMs = 50;
/** After a refusal or a failure, so that a committee that can't fill now isn't asked in every tick. */
const pauseMs = 500;

/** Committees that sessions would use if one came now, with the holders of their masks. */
export function wantedCommittees(network: Network, live: readonly PartyId[]): RunScope[] {
  if (live.length < network.committeeSize) return [];
  const { committees } = committeeFamily(live, network.nodes, network.threshold);
  return committees.map((committee) => ({ committee, holders: live.length >= network.verifiableSize ? live : committee }));
}

/** Keeps what sessions will need in stock while nobody waits: keys to check splits with, and correlations, one batch at a time, for the committees that this node leads. */
export class PoolKeeper {
  readonly #input: { network: Network; peers: Peers; committees: CommitteeService; holders: HolderKeysService; activity: Activity; log: Logger; lanesTarget: number; lanesPerBatch: number };
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #pausedUntilMs = 0;

  constructor(input: { network: Network; peers: Peers; committees: CommitteeService; holders: HolderKeysService; activity: Activity; log: Logger; lanesTarget: number; lanesPerBatch: number }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** In a pause: fills the emptiest committee by one batch, or agrees on missing keys among all live nodes. */
  async tick(): Promise<void> {
    const { network, peers, committees, holders, activity, log, lanesTarget, lanesPerBatch } = this.#input;
    if (this.#working || !activity.idle || performance.now() < this.#pausedUntilMs) return;
    const live = peers.live();
    const keysMissing = live.length >= network.verifiableSize && !holders.has(live);
    const short = wantedCommittees(network, live)
      .filter(({ committee }) => committee[0] === network.self)
      .map((scope) => ({ scope, lanes: committees.availableLanes(scope) }))
      .filter(({ lanes }) => lanes < lanesTarget)
      .sort((a, b) => a.lanes - b.lanes)[0];
    if (!short && !keysMissing) return;
    this.#working = true;
    try {
      if (short) await committees.fill(short.scope, lanesPerBatch, false);
      else await holders.ensure(live);
    } catch (error) {
      this.#pausedUntilMs = performance.now() + pauseMs;
      const busy = isBoopError(error) && error.kind === 'unavailable';
      if (!busy) log.warn('keys or correlations not made', { committee: short?.scope.committee, error });
    } finally {
      this.#working = false;
    }
  }
}
