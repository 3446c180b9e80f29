import { consistencyProof, formatCheckpoint, formatNote, signatureOf, type TileReader, type TreeHead, verifyCheckpoint } from '@boop/log';
import { type Logger, opensslArithmetic as arithmetic } from '@boop/platform';
import { BoopError, isBoopError, type PartyId, utf8 } from '@boop/shared';
import { aggregate, type GroupKey, ThresholdFault } from '@boop/threshold';
import { type CheckpointSigner, type SignedCheckpoint } from './checkpoint-signer.ts';
import { type LogKey } from './log-key.ts';
import { type LogPage, type LogPages } from './log-pages.ts';
import { askNode, type CheckpointAnswer, type NodePort } from './node-port.ts';
import { type SignerRoster } from './signer-roster.ts';

export interface FrostSignerOptions {
  readonly origin: string;
  readonly nodes: readonly NodePort[];
  readonly key: LogKey;
  readonly roster: SignerRoster;
  readonly tiles: TileReader;
  readonly pages: LogPages;
  readonly log: Logger;
}

const PAGES_KEPT = 4;

type Commitment = CheckpointAnswer<'checkpoint.commit'> & { readonly node: NodePort };

/**
 * Has the nodes sign a checkpoint with their FROST group key (RFC 9591). Each node gets a consistency proof from the last head
 * that it signed, reads all entries since, and decides for itself; this side only carries messages and adds up shares, so it can delay a checkpoint
 * and never forge one. All nodes in good standing are asked to commit, the first `threshold` of them sign.
 */
export class FrostSigner implements CheckpointSigner {
  readonly #options: FrostSignerOptions;
  /** Nodes that have read something else than this log; they begin again at the head that they signed. */
  readonly #astray = new Set<PartyId>();

  constructor(options: FrostSignerOptions) {
    this.#options = options;
  }

  /**
   * Rounds: 4 (heads, a page of new entries, commitments, shares), and one more for each further page.
   * @throws BoopError `log.no-quorum`, `log.attempt-failed` (who spoiled it is logged and left out of the next attempts), `log.key-changed`
   */
  async sign(head: TreeHead): Promise<SignedCheckpoint> {
    const { origin, nodes, key, roster } = this.#options;
    const { group, bytes, verifierKey, vkey } = await key.get();
    const live = nodes.filter(({ connected }) => connected);
    if (live.length < group.threshold) throw noQuorum();
    const asked = new Set(roster.choose(live.map(({ party }) => party), group.threshold));
    const text = formatCheckpoint({ origin, ...head });
    const commitments = await this.#commit(live.filter(({ party }) => asked.has(party)), head, group.threshold);
    try {
      const signature = await this.#collectShares(group, utf8(text), commitments);
      const note = formatNote({ text, signatures: [signatureOf(verifierKey, signature)] });
      verifyCheckpoint(note, vkey);
      return { note, groupKey: bytes };
    } catch (error) {
      if (await key.hasChanged()) throw new BoopError('log.key-changed', 'the nodes hold another key than the one of this log', { kind: 'fatal', cause: error });
      throw error;
    }
  }

  async #commit(nodes: readonly NodePort[], head: TreeHead, needed: number): Promise<Commitment[]> {
    const proofs = new Map<number, Promise<Uint8Array[]>>();
    const pages = new Map<number, Promise<LogPage>>();
    const attempts = nodes.map(async (node): Promise<Commitment> => {
      try {
        const { size: fromSize, read } = await askNode(node, 'checkpoint.head', {});
        if (fromSize > head.size) throw new BoopError('log.behind-signer', 'the node has signed a larger tree than this log holds', { kind: 'peer' });
        const canGoOn = read >= fromSize && read <= head.size && !this.#astray.delete(node.party);
        await this.#haveRead(node, canGoOn ? read : fromSize, head.size, pages);
        if (!proofs.has(fromSize)) proofs.set(fromSize, this.#consistency(fromSize, head.size));
        const consistency = await proofs.get(fromSize)!;
        const answer = await askNode(node, 'checkpoint.commit', { origin: this.#options.origin, ...head, fromSize, consistency });
        if (answer.party !== node.party) throw new BoopError('log.bad-answer', 'a node answered as another one', { kind: 'peer' });
        return { ...answer, node };
      } catch (error) {
        if (isBoopError(error) && error.code === 'log.unread') this.#astray.add(node.party);
        this.#blame(node.party, error);
        throw error;
      }
    });
    return await firstFulfilled(attempts, needed);
  }

  /** Rounds: one a page; nodes that stand at the same place share what was prepared for it. */
  async #haveRead(node: NodePort, from: number, to: number, prepared: Map<number, Promise<LogPage>>): Promise<void> {
    for (let at = from; at < to; ) {
      const page = await (prepared.get(at) ?? this.#prepare(at, to, prepared));
      const { read } = await askNode(node, 'checkpoint.read', { origin: this.#options.origin, ...page });
      at += page.entries.length;
      if (read !== at) throw new BoopError('log.bad-answer', 'a node has read another number of entries than it was given', { kind: 'peer' });
    }
  }

  /** Nodes read about abreast; one that is far behind must not keep the whole log in memory. */
  #prepare(at: number, to: number, prepared: Map<number, Promise<LogPage>>): Promise<LogPage> {
    const page = this.#options.pages.page(at, to);
    prepared.set(at, page);
    if (prepared.size > PAGES_KEPT) prepared.delete(prepared.keys().next().value!);
    return page;
  }

  async #consistency(from: number, to: number): Promise<Uint8Array[]> {
    return from === 0 ? [] : await consistencyProof(this.#options.tiles, from, to);
  }

  async #collectShares(group: GroupKey, message: Uint8Array, commitments: readonly Commitment[]): Promise<Uint8Array> {
    const list = commitments.map(({ party, commitment }) => ({ party, commitment }));
    const commitmentOf = new Map(commitments.map(({ node, commitment }) => [node.party, commitment]));
    const answers = await Promise.allSettled(commitments.map(({ node, attempt }) => askNode(node, 'checkpoint.sign', { attempt, commitments: list })));
    const shares = new Map<PartyId, Uint8Array>();
    const refusals = new Map<PartyId, unknown>();
    answers.forEach((answer, at) => {
      const { party } = commitments[at]!.node;
      if (answer.status === 'rejected') refusals.set(party, answer.reason);
      else if (answer.value.party !== party) refusals.set(party, new BoopError('log.bad-answer', 'a node answered as another one', { kind: 'peer' }));
      else shares.set(party, answer.value.share);
    });
    try {
      // With shares missing this only tells whether a commitment was to blame: then the honest nodes had to refuse.
      return aggregate(group, commitmentOf, message, refusals.size === 0 ? shares : zeroShares(commitmentOf), { arithmetic });
    } catch (error) {
      const spoiled = error instanceof ThresholdFault && (refusals.size === 0 || error.code === 'frost.bad-commitment') ? error : undefined;
      for (const party of spoiled?.blame ?? []) this.#blame(party, error);
      if (!spoiled) for (const [party, reason] of refusals) this.#blame(party, reason);
      throw new BoopError('log.attempt-failed', 'a node spoiled the signing of a checkpoint', { kind: 'unavailable', cause: error });
    }
  }

  #blame(party: PartyId, error: unknown): void {
    this.#options.roster.fault(party);
    const reason = isBoopError(error) ? { code: error.code, detail: error.message } : { code: 'log.internal' };
    this.#options.log.warn('a node did not help to sign a checkpoint', { party, ...reason });
  }
}

const zeroShares = (commitments: ReadonlyMap<PartyId, Uint8Array>): Map<PartyId, Uint8Array> => new Map([...commitments.keys()].map((party) => [party, new Uint8Array(32)]));

const noQuorum = (): BoopError => new BoopError('log.no-quorum', 'too few nodes sign', { kind: 'unavailable' });

/** The first `count` results, in the order in which they came. @throws BoopError `log.no-quorum` once too few can still come */
async function firstFulfilled<T>(promises: readonly Promise<T>[], count: number): Promise<T[]> {
  const { promise, resolve, reject } = Promise.withResolvers<T[]>();
  const results: T[] = [];
  let open = promises.length;
  const check = (): void => {
    if (results.length >= count) resolve(results.slice(0, count));
    else if (results.length + open < count) reject(noQuorum());
  };
  for (const one of promises) {
    void one.then(
      (value) => {
        open -= 1;
        results.push(value);
        check();
      },
      () => {
        open -= 1;
        check();
      },
    );
  }
  check();
  return await promise;
}
