import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock } from '@boop/shared';

const lifeMs = 5 * 60_000;
const randomLength = 16;
const timeLength = 6;
const usedMax = 100_000;

export interface ChallengeDependencies {
  readonly key: Buffer;
  readonly clock: Clock;
}

/**
 * Challenges that carry their own proof: random ‖ time ‖ HMAC over purpose and sign-in, so that no table keeps those that nobody answers
 * and any replica knows its siblings'. Each is taken once here; that a sign-in ends once, whichever replica it reaches, is the provider's
 * doing.
 */
export class PasskeyChallenges {
  readonly #use: ChallengeDependencies;
  readonly #used = new Map<string, number>();

  constructor(use: ChallengeDependencies) {
    this.#use = use;
  }

  issue(purpose: 'sign-in' | 'register', uid: string): Uint8Array<ArrayBuffer> {
    const body = Buffer.alloc(randomLength + timeLength);
    randomBytes(randomLength).copy(body);
    body.writeUIntBE(this.#use.clock.nowMs(), randomLength, timeLength);
    return new Uint8Array(Buffer.concat([body, this.#tag(purpose, uid, body)]));
  }

  /** @param challenge base64url, as the authenticator signed it @returns false for another's, an old one, or one that was taken */
  take(purpose: 'sign-in' | 'register', uid: string, challenge: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    const body = bytes.subarray(0, randomLength + timeLength);
    const tag = bytes.subarray(randomLength + timeLength);
    const expected = this.#tag(purpose, uid, body);
    if (tag.length !== expected.length || !timingSafeEqual(tag, expected)) return false;
    const nowMs = this.#use.clock.nowMs();
    if (nowMs - body.readUIntBE(randomLength, timeLength) > lifeMs || this.#used.has(challenge)) return false;
    this.#forget(nowMs);
    this.#used.set(challenge, nowMs);
    return true;
  }

  #forget(nowMs: number): void {
    for (const [challenge, atMs] of this.#used) {
      if (nowMs - atMs <= lifeMs && this.#used.size < usedMax) return;
      this.#used.delete(challenge);
    }
  }

  #tag(purpose: string, uid: string, body: Buffer): Buffer {
    return createHmac('sha256', this.#use.key).update(`passkey challenge\0${purpose}\0${uid}\0`).update(body).digest();
  }
}
