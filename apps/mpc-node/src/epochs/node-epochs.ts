import { type Logger } from '@boop/platform';
import { isSameNode, type NetworkManifest } from '@boop/protocol';
import { BoopError, type PartyId } from '@boop/shared';
import { type EpochHost, type EpochShares } from './epoch-host.ts';
import { type EpochStore } from './epoch-store.ts';
import { type ServedEpoch } from './served-epoch.ts';

/** Data keys from this epoch on seal shares; the one before seals what outlives epochs. */
const firstEpoch = 1;

/**
 * The epochs of one node: one that counts, and for a while the one before, in which sessions that were opened for it end. Then that one is erased: first its
 * data key with its rows, in one transaction, so that what a disk still holds can't be read.
 */
export class NodeEpochs implements EpochHost {
  readonly #input: {
    self: number;
    store: EpochStore;
    sharesOf: (epoch: number) => Promise<EpochShares & { wipe(): void }>;
    serve: (manifest: NetworkManifest, shares: EpochShares) => Promise<ServedEpoch>;
    proposal: () => NetworkManifest | undefined;
    drainMs: number;
    log: Logger;
  };
  readonly #shares = new Map<number, Promise<EpochShares & { wipe(): void }>>();
  readonly #served = new Map<number, ServedEpoch>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #currentEpoch = 0;

  constructor(input: {
    self: number;
    store: EpochStore;
    sharesOf: (epoch: number) => Promise<EpochShares & { wipe(): void }>;
    serve: (manifest: NetworkManifest, shares: EpochShares) => Promise<ServedEpoch>;
    proposal: () => NetworkManifest | undefined;
    drainMs: number;
    log: Logger;
  }) {
    this.#input = input;
  }

  /**
   * Serves the newest epoch that was committed here, else the given one, unless this node has yet to be dealt shares for it.
   * Epochs before it are erased at once: no session outlives a process.
   */
  async open(manifest: NetworkManifest): Promise<void> {
    const committed = (await this.#input.store.load()).filter(({ state }) => state === 'committed').at(-1);
    if (committed) await this.activate(committed.manifest);
    else if (manifest.epoch === firstEpoch) await this.activate(manifest);
    for (const epoch of await this.#input.store.remaining()) if (epoch >= firstEpoch && epoch < (committed?.epoch ?? firstEpoch)) await this.#erase(epoch);
  }

  current(): ServedEpoch | undefined {
    return this.#served.get(this.#currentEpoch);
  }

  /** @throws BoopError `epoch.unknown` (unavailable) */
  served(epoch: number): ServedEpoch {
    const served = this.#served.get(epoch);
    if (!served) throw new BoopError('epoch.unknown', 'this node does not serve that epoch', { kind: 'unavailable' });
    return served;
  }

  /** The epoch of a split, or the current one, which says what is wrong with it. @throws BoopError `mpc.nodes-unavailable` */
  servedOrCurrent(epoch: number | undefined): ServedEpoch {
    const served = this.#served.get(epoch ?? this.#currentEpoch) ?? this.current();
    if (!served) throw new BoopError('mpc.nodes-unavailable', 'this node has yet to join', { kind: 'unavailable' });
    return served;
  }

  all(): ServedEpoch[] {
    return [...this.#served.values()];
  }

  proposal(): NetworkManifest | undefined {
    const proposal = this.#input.proposal();
    return proposal && proposal.epoch > this.#currentEpoch ? proposal : undefined;
  }

  async sharesOf(epoch: number): Promise<EpochShares> {
    const shares = this.#shares.get(epoch) ?? this.#input.sharesOf(epoch);
    this.#shares.set(epoch, shares);
    try {
      return await shares;
    } catch (error) {
      // What could not be opened is opened anew the next time.
      if (this.#shares.get(epoch) === shares) this.#shares.delete(epoch);
      throw error;
    }
  }

  async activate(manifest: NetworkManifest): Promise<void> {
    const { self, serve, log } = this.#input;
    if (manifest.epoch <= this.#currentEpoch) return;
    const before = this.#currentEpoch;
    if (manifest.members.some(({ party }) => party === self)) {
      const served = await serve(manifest, await this.sharesOf(manifest.epoch));
      this.#served.set(manifest.epoch, served);
      this.#currentEpoch = manifest.epoch;
      served.start();
    }
    log.info('epoch served', { epoch: manifest.epoch });
    const retiring = this.#served.get(before);
    if (!retiring) return;
    retiring.retire();
    const timer = setTimeout(() => void this.#end(before).finally(() => this.#timers.delete(timer)), this.#input.drainMs).unref();
    this.#timers.add(timer);
  }

  async isErased(epoch: number): Promise<boolean> {
    return !this.#served.has(epoch) && !(await this.#input.store.remaining()).includes(epoch);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const epoch of [...this.#served.keys()]) await this.#leave(epoch);
    for (const shares of this.#shares.values()) (await shares).wipe();
  }

  /** Whether whoever has this party's link is still the member that this manifest names, or will be once the next one is served. */
  isMember(manifest: NetworkManifest, party: PartyId): boolean {
    const newest = this.proposal() ?? this.current()?.node.network.manifest ?? manifest;
    const [then, now] = [manifest.members[party - 1], newest.members[party - 1]];
    return newest.epoch <= manifest.epoch || now === undefined || (then !== undefined && isSameNode(then, now));
  }

  async #end(epoch: number): Promise<void> {
    const { log } = this.#input;
    try {
      await this.#leave(epoch);
      await this.#erase(epoch);
    } catch (error) {
      // The next start erases it.
      log.error('epoch not erased', { epoch, error });
    }
  }

  async #leave(epoch: number): Promise<void> {
    const served = this.#served.get(epoch);
    this.#served.delete(epoch);
    await served?.stop();
  }

  async #erase(epoch: number): Promise<void> {
    (await this.#shares.get(epoch))?.wipe();
    this.#shares.delete(epoch);
    await this.#input.store.erase(epoch);
    this.#input.log.info('epoch erased', { epoch });
  }
}
