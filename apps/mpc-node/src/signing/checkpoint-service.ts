import { emptyRoot, formatCheckpoint, type TreeHead, verifyConsistencyProof } from '@boop/log';
import { type Logger } from '@boop/platform';
import { type checkpointMethods } from '@boop/protocol';
import { BoopError, type Clock, equalBytes, isBoopError, type PartyId, type Rng, toHex, utf8 } from '@boop/shared';
import { commit, type SigningNonces, signShare } from '@boop/threshold';
import { type z } from 'zod';
import { Mutex } from '../mutex.ts';
import { type CheckpointStore } from '../store/ports.ts';
import { byParty } from './decision-service.ts';
import { type KeyRing } from './key-ring.ts';

type Methods = typeof checkpointMethods;
type Body<M extends keyof Methods> = z.infer<Methods[M]['body']>;
type Answer<M extends keyof Methods> = z.infer<Methods[M]['answer']>;

const attemptLifeMs = 10_000;
const attemptsMax = 16;

interface Attempt {
  readonly nonces: SigningNonces;
  readonly message: Uint8Array;
  readonly expiresAtMs: number;
}

/**
 * A node as signer of the log's checkpoints: never two heads that don't extend one another. The head is stored before
 * anything that could help to sign it leaves the node, so neither a restart nor a liar makes it sign a fork.
 */
export class CheckpointService {
  readonly #input: { self: PartyId; origin: string; ring: KeyRing; store: CheckpointStore; clock: Clock; rng: Rng; log: Logger };
  readonly #mutex = new Mutex();
  readonly #attempts = new Map<string, Attempt>();
  #head: TreeHead = { size: 0, root: emptyRoot() };

  constructor(input: { self: PartyId; origin: string; ring: KeyRing; store: CheckpointStore; clock: Clock; rng: Rng; log: Logger }) {
    this.#input = input;
  }

  async load(): Promise<void> {
    this.#head = (await this.#input.store.load()) ?? this.#head;
  }

  head(): Answer<'checkpoint.head'> {
    return { size: this.#head.size, root: this.#head.root };
  }

  /** @throws BoopError `log.fork-refused`, `log.wrong-base`, `log.wrong-origin` */
  async commit(body: Body<'checkpoint.commit'>): Promise<Answer<'checkpoint.commit'>> {
    const { self, origin, ring, rng, clock, log } = this.#input;
    if (body.origin !== origin) throw new BoopError('log.wrong-origin', 'this is not the log of this network', { kind: 'peer' });
    const message = utf8(formatCheckpoint({ origin, size: body.size, root: body.root }));
    const key = ring.get('log');
    await this.#mutex.run(async () => {
      try {
        this.#checkExtends(body);
      } catch (error) {
        if (isBoopError(error) && error.code === 'log.fork-refused') log.error('a checkpoint that contradicts an earlier one was refused', { size: body.size, signedSize: this.#head.size });
        throw error;
      }
      if (body.size === this.#head.size) return;
      const head = { size: body.size, root: body.root };
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
    return { party: this.#input.self, share: signShare(this.#input.ring.get('log'), attempt.nonces, commitments, attempt.message) };
  }

  #checkExtends({ size, root, fromSize, consistency }: Body<'checkpoint.commit'>): void {
    const fork = (): BoopError => new BoopError('log.fork-refused', 'the checkpoint does not extend the one that this node signed', { kind: 'peer' });
    const signed = this.#head;
    if (size < signed.size || (size === signed.size && !equalBytes(root, signed.root))) throw fork();
    if (size === signed.size) return;
    if (fromSize !== signed.size) throw new BoopError('log.wrong-base', 'the proof starts from another size than the one signed last', { kind: 'unavailable' });
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
