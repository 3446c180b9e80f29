import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY_MAP_ROOT, formatMapRevision, formatMapTransition, mutationsRoot, prepareTransition, REVISION_MUTATIONS_MAX, type TreeHead, verifyMutation } from '@boop/log';
import { type Logger } from '@boop/platform';
import { type Clock, isBoopError } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { prepareBatch } from '../sequencer/prepare-batch.ts';
import { type Turns } from '../sequencer/turns.ts';
import { type LogStore } from '../store/log-store.ts';
import { type MapStore, type StoredRevision, type WaitingMutation } from './map-store.ts';

export interface MapSequencerOptions {
  readonly network: { readonly networkId: string; readonly epoch: number; readonly logOrigin: string };
  /** Public key of the function that gives indexes. */
  readonly vrfKey: Uint8Array;
  readonly logStore: LogStore;
  readonly mapStore: MapStore;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Logger;
  /** Least time between two revisions. */
  readonly intervalMs: number;
  readonly batchMax?: number;
  /** Root of all balances, for the record of each revision. */
  readonly balancesRoot?: () => Promise<Uint8Array | undefined>;
  readonly onRevision?: (revision: StoredRevision, head: TreeHead, mutations: number) => void;
}

const CONFLICTS_MAX = 3;
/** Every node verifies each signature before it signs the next checkpoint, and has other things to do: 256 take it about half a second. */
const BATCH_MAX = 256;

/**
 * Makes revisions of the map: takes the mutations that wait, at most one of each account, verifies each against the version before, applies
 * them, and writes nodes, record and the record's place in the log in one transaction. No state is kept in between.
 */
export class MapSequencer {
  readonly #options: MapSequencerOptions;
  #news = Promise.withResolvers<void>();

  constructor(options: MapSequencerOptions) {
    this.#options = options;
  }

  /** Says that a mutation waits. */
  wake(): void {
    this.#news.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs, log } = this.#options;
    while (!signal.aborted) {
      this.#news = Promise.withResolvers();
      const made = await this.step().catch((error: unknown) => void log.error('a revision of the map was not written', { error }));
      await pause(intervalMs, signal);
      // Other replicas take mutations too and cannot wake this one.
      if (!made) await Promise.race([pause(5 * intervalMs, signal), this.#news.promise]);
    }
  }

  /** @returns the revision that it wrote, undefined when no mutation waits. @throws BoopError as the stores do */
  async step(): Promise<StoredRevision | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#options.turns.take(() => this.#tryStep());
      } catch (error) {
        if (!isBoopError(error) || error.code !== 'log.conflict' || attempt === CONFLICTS_MAX) throw error;
      }
    }
  }

  async #tryStep(): Promise<StoredRevision | undefined> {
    const { network, vrfKey, logStore, mapStore, clock, balancesRoot, onRevision, batchMax = BATCH_MAX } = this.#options;
    // The head comes first: what is written after it makes the compare-and-swap fail.
    const head = await logStore.head();
    const waiting = (await mapStore.waiting(Math.min(batchMax, REVISION_MUTATIONS_MAX))).filter((one) => this.#isAllowed(one));
    if (waiting.length === 0) return undefined;
    const before = await mapStore.newest();
    const previousRoot = before?.root ?? EMPTY_MAP_ROOT;
    const balances = await balancesRoot?.();
    const { transition, root, writes } = await prepareTransition(mapStore, previousRoot, { mutations: waiting.map(({ bytes }) => bytes), previous: waiting.map(({ previous }) => previous) });
    const revision: StoredRevision = { revision: (before?.revision ?? 0) + 1, root, leafIndex: head.size, vrfKey };
    const record = formatMapRevision({
      networkId: network.networkId,
      epoch: network.epoch,
      time: Math.floor(clock.nowMs() / 1_000),
      revision: revision.revision,
      previousRoot,
      root,
      previousEntry: before?.leafIndex ?? null,
      mutations: { count: waiting.length, root: mutationsRoot(transition.mutations) },
      vrfKey,
      ...(balances === undefined ? {} : { balances }),
    });
    const batch = await prepareBatch(logStore, head, [{ hash: sha256(record), bytes: record }]);
    await mapStore.commit({ ...revision, transition: formatMapTransition(transition), nodes: writes, mutations: waiting, batch });
    onRevision?.(revision, batch.to, waiting.length);
    return revision;
  }

  /** Admission saw to that; what lies in the database is verified all the same before it counts. */
  #isAllowed({ bytes, previous, sequence }: WaitingMutation): boolean {
    try {
      verifyMutation(this.#options.network.logOrigin, bytes, previous);
      return true;
    } catch (error) {
      this.#options.log.error('a mutation in the queue is not valid and is passed over', { sequence, error });
      return false;
    }
  }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}
