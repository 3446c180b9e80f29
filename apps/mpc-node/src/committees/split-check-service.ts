import { opensslCtr } from '@boop/engine';
import { checkSplitProtocol } from '@boop/mpc';
import { RunAborted, RunUnfinished } from '@boop/platform';
import { fromBase64Url, isBoopError, type PartyId, type Rng } from '@boop/shared';
import { type Standing } from '../leader/standing.ts';
import { type PeerBody } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network, statisticOf } from '../network.ts';
import { type Session } from '../sessions/session.ts';
import { checkHolders, type HolderKeysService } from './holder-keys-service.ts';
import { type ProtocolRunner } from './protocol-runner.ts';

const checkTimeoutMs = 3_000;
const invalidForm = 'split.invalid-form';

/**
 * All nodes that opened a split find out together whether it hides well-formed templates, before anything is compared. Every node
 * keeps its own verdict in its session: it takes part in no run of a split that failed, and calls nothing verified that it has not
 * seen pass.
 */
export class SplitCheckService {
  readonly #input: { network: Network; peers: Peers; runner: ProtocolRunner; holders: HolderKeysService; standing: Standing; rng: Rng; onRun: (operation: string, durationMs: number) => void };

  constructor(input: { network: Network; peers: Peers; runner: ProtocolRunner; holders: HolderKeysService; standing: Standing; rng: Rng; onRun: (operation: string, durationMs: number) => void }) {
    this.#input = input;
  }

  /**
   * As the leader: has all nodes that opened the session check its split.
   * @param onAsked called once all have been asked, unless they are fewer: what is sent to them now comes after that
   * @param signal once it is aborted nobody is asked any more
   * @returns false when they are fewer than 3t+1: then nobody can tell, and nothing that comes of it is verified
   * @throws BoopError `split.invalid-form` when the split failed at any of them; or why the check did not come to an end
   */
  async lead(session: Session, opened: readonly PartyId[], { onAsked, signal }: { onAsked?: () => void; signal?: AbortSignal } = {}): Promise<boolean> {
    const { network, peers, holders, rng } = this.#input;
    if (opened.length < network.verifiableSize) return false;
    const keysId = await this.#keys(opened);
    signal?.throwIfAborted();
    const body = { splitHash: session.splitHash, parties: [...opened], keysId, runId: rng.bytes(16) };
    const answers = opened.map(async (party) => void (party === peers.self ? await this.join(party, session, body) : await peers.request(party, 'split.check', body, checkTimeoutMs + 1_000)));
    onAsked?.();
    const results = await Promise.allSettled(answers);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const failed = reasons.find((reason) => isBoopError(reason) && reason.code === invalidForm);
    if (failed) throw failed;
    if (reasons.length === 0) return true;
    for (const reason of reasons) this.#noteSilent(reason);
    // Whichever node has lost its part of the keys: the next session starts with new ones.
    holders.forget(opened);
    throw reasons[0];
  }

  async #keys(opened: readonly PartyId[]): Promise<Uint8Array> {
    try {
      return await this.#input.holders.ensure(opened);
    } catch (error) {
      this.#noteSilent(error);
      throw error;
    }
  }

  /** Where this node itself waited in vain for one other, it leads without that one for a while. */
  #noteSilent(error: unknown): void {
    if (error instanceof RunUnfinished && error.missing.length === 1) this.#input.standing.wasSilent(error.missing[0]!);
  }

  /**
   * Every node's side, the leader's included.
   * @throws BoopError `split.invalid-form` (rejected), `split.checked`, `holders.*`, RunAborted, RunUnfinished
   */
  async join(from: PartyId, session: Session, { parties, keysId, runId }: PeerBody<'split.check'>): Promise<void> {
    const { network, runner, holders, onRun } = this.#input;
    const { self, threshold } = network;
    const startedAt = performance.now();
    const checkers = checkHolders(network, from, parties);
    const keys = holders.get(from, checkers, keysId);
    const items = session.header.items.map(({ valid }, at) => ({ share: session.share(at), valid }));
    const input = { self, parties: checkers, threshold, keys, runId, splitHash: fromBase64Url(session.splitHash), statistic: statisticOf(session.header.encoder), items, prf: opensslCtr };
    await session.checkSplit(async () => {
      try {
        await runner.run(runId, checkers, () => checkSplitProtocol(input), checkTimeoutMs);
        return true;
      } catch (error) {
        if (error instanceof RunAborted && error.reason === invalidForm) return false;
        throw error;
      }
    });
    onRun('split-check', performance.now() - startedAt);
    session.requireWellFormed();
  }
}
