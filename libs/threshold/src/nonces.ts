import { type Nonces } from '@noble/curves/abstract/frost.js';
import { BoopError } from '@boop/shared';
import { type KeyShare } from './key-share.ts';

interface Attempt {
  readonly nonces: Nonces;
  /** What was published for these nonces. */
  readonly commitment: Uint8Array;
}

let consume: (nonces: SigningNonces, share: KeyShare) => Attempt;

/**
 * Secret nonces of one signing attempt. Two shares made with the same nonces reveal the key share, so they are single
 * use, private fields, never printed; JSON and structured clone are refused (the enumerable function makes
 * `structuredClone` and `postMessage` throw DataCloneError).
 */
export class SigningNonces {
  readonly #attempt: Attempt;
  readonly #share: KeyShare;
  #used = false;
  readonly refuseClone = (): never => refuse();

  static {
    consume = (nonces, share) => {
      if (nonces.#used) throw new BoopError('frost.nonces-used', 'signing nonces serve one attempt only', { kind: 'fatal' });
      if (nonces.#share !== share) throw new BoopError('frost.nonces-of-another-share', 'signing nonces belong to another key share');
      nonces.#used = true;
      return nonces.#attempt;
    };
  }

  constructor(attempt: Attempt, share: KeyShare) {
    this.#attempt = attempt;
    this.#share = share;
  }

  /** Ends an attempt that will not be finished: overwrites the nonces. */
  discard(): void {
    this.#used = true;
    wipe(this.#attempt.nonces);
  }

  toString(): string {
    return 'SigningNonces';
  }

  toJSON(): never {
    return refuse();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'SigningNonces';
  }
}

function refuse(): never {
  throw new BoopError('frost.nonces-not-serializable', 'signing nonces live in memory only', { kind: 'fatal' });
}

export function wipe(nonces: Nonces): void {
  nonces.hiding.fill(0);
  nonces.binding.fill(0);
}

export { consume };
