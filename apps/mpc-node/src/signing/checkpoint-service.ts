import { cosignatureMessage, emptyRoot, formatCheckpoint, verifyConsistencyProof } from '@boop/log';
import { type Logger, opensslArithmetic as arithmetic } from '@boop/platform';
import { type checkpointMethods } from '@boop/protocol';
import { BoopError, type Clock, equalBytes, isBoopError, type PartyId, type Rng, toHex, utf8 } from '@boop/shared';
import { commit, type SigningNonces, signShare } from '@boop/threshold';
import { type z } from 'zod';
import { Mutex } from '../mutex.ts';
import { type CheckpointStore, type StoredHead } from '../store/ports.ts';
import { byParty } from './decision-service.ts';
import { emptyFrontier, parseFrontier, rootOf } from './frontier.ts';
import { type KeyRing } from './key-ring.ts';
import { emptyMap, type LogReading, readOn } from './log-reading.ts';

type Methods = typeof checkpointMethods;
type Body<M extends keyof Methods> = z.infer<Methods[M]['body']>;
type Answer<M extends keyof Methods> = z.infer<Methods[M]['answer']>;

export interface CheckpointServiceInput {
  readonly self: PartyId;
  readonly network: { readonly networkId: string; readonly logOrigin: string };
  readonly ring: KeyRing;
  readonly store: CheckpointStore;
  readonly signIdentity: (message: Uint8Array) => Uint8Array;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
}

const attemptLifeMs = 10_000;
const attemptsMax = 16;

interface Attempt {
  readonly nonces: SigningNonces;
  readonly message: Uint8Array;
  readonly expiresAtMs: number;
}

/**
 * A node as signer of the log's checkpoints: never two heads that don't extend one another, and never a head whose new entries it has not read. The head is
 * stored before anything that could help to sign it leaves the node, so neither a restart nor a liar makes it sign a fork.
 */
export class CheckpointService {
  readonly #input: CheckpointServiceInput;
  readonly #mutex = new Mutex();
  readonly #attempts = new Map<string, Attempt>();
  #head: StoredHead = { size: 0, root: emptyRoot(), map: emptyMap() };
  /** Begins at the signed head; what a restart forgets is read again. */
  #reading: LogReading | undefined = { frontier: emptyFrontier(), map: emptyMap() };

  constructor(input: CheckpointServiceInput) {
    this.#input = input;
  }

  async load(): Promise<void> {
    const stored = await this.#input.store.load();
    if (!stored) return;
    this.#head = stored;
    this.#reading = undefined;
  }

  head(): Answer<'checkpoint.head'> {
    return { size: this.#head.size, root: this.#head.root, read: this.#reading?.frontier.size ?? this.#head.size };
  }

  /** @throws BoopError `log.wrong-origin`, `log.wrong-base` (pages that continue neither the reading nor the signed head), `log.malformed-frontier`, `map.*`, `mutation.*` */
  async read({ origin, from, frontier, entries, transitions }: Body<'checkpoint.read'>): Promise<Answer<'checkpoint.read'>> {
    this.#checkOrigin(origin);
    return await this.#mutex.run(async () => {
      const reading = this.#readingFrom(from, frontier);
      try {
        this.#reading = readOn(reading, { entries, transitions }, this.#input.network);
      } catch (error) {
        if (isBoopError(error)) this.#input.log.error('a part of the log was refused', { from, entries: entries.length, code: error.code });
        throw error;
      }
      return { read: this.#reading.frontier.size };
    });
  }

  /** @throws BoopError `log.fork-refused`, `log.wrong-base`, `log.wrong-origin`, `log.unread` */
  async commit(body: Body<'checkpoint.commit'>): Promise<Answer<'checkpoint.commit'>> {
    const { self, ring, rng, clock, log } = this.#input;
    this.#checkOrigin(body.origin);
    const message = utf8(formatCheckpoint({ origin: body.origin, size: body.size, root: body.root }));
    const key = ring.get('log');
    await this.#mutex.run(async () => {
      try {
        this.#checkExtends(body);
      } catch (error) {
        if (isBoopError(error) && error.code === 'log.fork-refused') log.error('a checkpoint that contradicts an earlier one was refused', { size: body.size, signedSize: this.#head.size });
        throw error;
      }
      if (body.size === this.#head.size) return;
      const head = { size: body.size, root: body.root, map: this.#readUpTo(body).map };
      await this.#input.store.save(head);
      this.#head = head;
    });
    this.#expire();
    const { nonces, commitment } = commit(key, rng);
    const attempt = rng.bytes(16);
    this.#attempts.set(toHex(attempt), { nonces, message, expiresAtMs: clock.nowMs() + attemptLifeMs });
    return { party: self, attempt, commitment };
  }

  /** Single use. @throws BoopError `log.unknown-attempt`, `frost.*` */
  sign(body: Body<'checkpoint.sign'>): Answer<'checkpoint.sign'> {
    this.#expire();
    const id = toHex(body.attempt);
    const attempt = this.#attempts.get(id);
    if (!attempt) throw new BoopError('log.unknown-attempt', 'there is no such signing attempt', { kind: 'peer' });
    this.#attempts.delete(id);
    const commitments = byParty(body.commitments.map(({ party, commitment }) => ({ party, bytes: commitment })));
    return { party: this.#input.self, share: signShare(this.#input.ring.get('log'), attempt.nonces, commitments, attempt.message, arithmetic) };
  }

  /** This node's own word, by its identity key, that it has seen this checkpoint and no larger one. @throws BoopError `log.wrong-origin`, `log.wrong-base` */
  cosign({ origin, size, root }: Body<'checkpoint.cosign'>): Answer<'checkpoint.cosign'> {
    this.#checkOrigin(origin);
    const { self, clock, signIdentity } = this.#input;
    if (size !== this.#head.size || !equalBytes(root, this.#head.root)) throw new BoopError('log.wrong-base', 'this is not the checkpoint that this node signed last', { kind: 'unavailable' });
    const timeS = Math.floor(clock.nowMs() / 1_000);
    return { party: self, timeS, signature: signIdentity(cosignatureMessage(timeS, formatCheckpoint({ origin, size, root }))) };
  }

  #checkOrigin(origin: string): void {
    if (origin !== this.#input.network.logOrigin) throw new BoopError('log.wrong-origin', 'this is not the log of this network', { kind: 'peer' });
  }

  #readingFrom(from: number, frontier: readonly Uint8Array[]): LogReading {
    if (this.#reading?.frontier.size === from) return this.#reading;
    if (from !== this.#head.size) throw wrongBase();
    const begun = parseFrontier(from, frontier);
    if (!equalBytes(rootOf(begun), this.#head.root)) throw new BoopError('log.malformed-frontier', 'these are not the subtrees of the tree that this node signed', { kind: 'peer' });
    return { frontier: begun, map: this.#head.map };
  }

  /** The reading, if it ends at that head. A reading that ends there with another root is dropped, so that the ledger can begin again. */
  #readUpTo({ size, root }: { size: number; root: Uint8Array }): LogReading {
    const reading = this.#reading;
    if (reading?.frontier.size === size && equalBytes(rootOf(reading.frontier), root)) return reading;
    if (reading && reading.frontier.size >= size) this.#reading = undefined;
    throw new BoopError('log.unread', 'this node has not read all entries of that tree', { kind: 'unavailable' });
  }

  #checkExtends({ size, root, fromSize, consistency }: Body<'checkpoint.commit'>): void {
    const fork = (): BoopError => new BoopError('log.fork-refused', 'the checkpoint does not extend the one that this node signed', { kind: 'peer' });
    const signed = this.#head;
    if (size < signed.size || (size === signed.size && !equalBytes(root, signed.root))) throw fork();
    if (size === signed.size) return;
    if (fromSize !== signed.size) throw wrongBase();
    if (signed.size === 0) return;
    try {
      verifyConsistencyProof(signed, { size, root }, consistency);
    } catch {
      throw fork();
    }
  }

  #expire(): void {
    const nowMs = this.#input.clock.nowMs();
    for (const [id, { nonces, expiresAtMs }] of this.#attempts) {
      if (expiresAtMs >= nowMs && this.#attempts.size < attemptsMax) continue;
      nonces.discard();
      this.#attempts.delete(id);
    }
  }
}

const wrongBase = (): BoopError => new BoopError('log.wrong-base', 'this starts from another size than the one signed last', { kind: 'unavailable' });
