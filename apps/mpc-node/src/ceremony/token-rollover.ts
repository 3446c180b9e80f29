import { type Logger } from '@boop/platform';
import { BoopError, type Clock, equalBytes, isBoopError, type PartyId, type Rng } from '@boop/shared';
import { type PeerAnswer, type PeerBody } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type KeyRing } from '../signing/key-ring.ts';
import { type CeremonyService } from './ceremony-service.ts';

/** A new key signs tokens from every multiple of the period since 1970 on, and is announced so long before. */
export interface RolloverSchedule {
  readonly periodSeconds: number;
  readonly announceSeconds: number;
}

const startTimeoutMs = 15_000;
const askTimeoutMs = 3_000;
const lookMs = 1_000;
/** How far clocks of two nodes may be apart. */
const skewSeconds = 30;

/**
 * The key that signs tokens is replaced by another one that the nodes make while the old one serves. Every node names it as
 * `token-next` until its time, so that whoever verifies tokens knows it by then. From its time on it signs what is decided from then
 * on: the time of a decision, not a node's clock, says by which key, so no signature fails for a clock. Nodes that could not all make
 * the key by half of the announcement let the occasion pass.
 */
export class TokenRollover {
  readonly #input: { network: Network; peers: Peers; ceremonies: CeremonyService; ring: KeyRing; schedule: RolloverSchedule | undefined; isLeaving: () => Promise<boolean>; clock: Clock; rng: Rng; log: Logger };
  #timer: NodeJS.Timeout | undefined;
  #working = false;

  /** @param input.isLeaving whether this node has signed that it is ready for another epoch, whose shares are of the key in use */
  constructor(input: { network: Network; peers: Peers; ceremonies: CeremonyService; ring: KeyRing; schedule: RolloverSchedule | undefined; isLeaving: () => Promise<boolean>; clock: Clock; rng: Rng; log: Logger }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.settle(), lookMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Forgets a key whose time is over, learns whether the next one counts, and as the lowest party has it made in its time. */
  async settle(): Promise<void> {
    const { ring, log } = this.#input;
    if (this.#working) return;
    this.#working = true;
    try {
      if (await ring.takeOverDue()) log.info('the token key was replaced');
      await this.#prepare();
    } catch (error) {
      log.warn('the next token key is not made yet', { code: isBoopError(error) ? error.code : 'internal', error });
    } finally {
      this.#working = false;
    }
  }

  status(): PeerAnswer<'rollover.status'> {
    const next = this.#input.ring.nextStatus();
    return next ? { next } : {};
  }

  /** Every node's side; the share is durable when it answers. @throws BoopError `ceremony.not-led`, `ceremony.not-scheduled`, `ceremony.epoch-ends`, `keys.confirmed` */
  async join(from: PartyId, { ceremonyId, takesOverAt }: PeerBody<'rollover.start'>): Promise<PeerAnswer<'rollover.start'>> {
    const { ring, ceremonies, isLeaving } = this.#input;
    this.#checkStarter(from);
    if (!this.#isScheduled(takesOverAt, skewSeconds)) throw new BoopError('ceremony.not-scheduled', 'no roll-over of the token key is due then', { kind: 'peer' });
    if (ring.nextStatus()?.confirmed) throw new BoopError('keys.confirmed', 'the next key is made already', { kind: 'peer' });
    if (await isLeaving()) throw new BoopError('ceremony.epoch-ends', 'the next epoch begins with the key in use', { kind: 'unavailable' });
    const share = await ceremonies.make('token', ceremonyId);
    await ring.keepNext(ceremonyId, share, takesOverAt);
    return { publicKey: share.group.publicKey };
  }

  async confirm(from: PartyId, { ceremonyId }: PeerBody<'rollover.confirm'>): Promise<void> {
    this.#checkStarter(from);
    await this.#input.ring.confirmNext(ceremonyId);
  }

  async #prepare(): Promise<void> {
    const { ring, network, peers } = this.#input;
    const next = ring.nextStatus();
    const takesOverAt = this.#occasion();
    const isStarter = network.self === network.parties[0] && takesOverAt !== undefined;
    if (next?.confirmed || !ring.complete || (!next && !isStarter) || peers.live().length < network.nodes) return;
    const known = await this.#askAll((party) => peers.request(party, 'rollover.status', {}, askTimeoutMs));
    // Whoever has confirmed knew that all had stored; so had this node.
    const confirmed = known.find((answer) => answer.next?.confirmed)?.next;
    if (next && confirmed && equalBytes(confirmed.ceremonyId, next.ceremonyId)) await ring.confirmNext(next.ceremonyId);
    else if (!confirmed && isStarter) await this.#make(takesOverAt);
  }

  async #make(takesOverAt: number): Promise<void> {
    const { peers, rng, log } = this.#input;
    const ceremonyId = rng.bytes(16);
    const publicKeys = await this.#askAll((party) => peers.request(party, 'rollover.start', { ceremonyId, takesOverAt }, startTimeoutMs));
    if (publicKeys.some(({ publicKey }) => !equalBytes(publicKey, publicKeys[0]!.publicKey))) throw new BoopError('ceremony.other-key', 'the nodes ended with different keys', { kind: 'peer' });
    await this.#askAll((party) => peers.request(party, 'rollover.confirm', { ceremonyId }, askTimeoutMs));
    log.info('the next token key is made', { takesOverAt });
  }

  /** When the next key takes over, where now is the time to make it. */
  #occasion(): number | undefined {
    const { schedule, clock } = this.#input;
    if (!schedule) return undefined;
    const at = (Math.floor(clock.nowMs() / 1000 / schedule.periodSeconds) + 1) * schedule.periodSeconds;
    return this.#isScheduled(at, 0) ? at : undefined;
  }

  #isScheduled(takesOverAt: number, skew: number): boolean {
    const { schedule, clock } = this.#input;
    if (!schedule || takesOverAt % schedule.periodSeconds !== 0) return false;
    const lead = takesOverAt - clock.nowMs() / 1000;
    return lead <= schedule.announceSeconds + skew && lead >= schedule.announceSeconds / 2 - skew;
  }

  async #askAll<T>(ask: (party: PartyId) => Promise<T>): Promise<T[]> {
    return await Promise.all(this.#input.network.parties.map(ask));
  }

  #checkStarter(from: PartyId): void {
    if (from !== this.#input.network.parties[0]) throw new BoopError('ceremony.not-led', 'the lowest party starts ceremonies', { kind: 'peer' });
  }
}
