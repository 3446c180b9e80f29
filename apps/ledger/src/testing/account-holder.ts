import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { commitTo, formatMutation, mapIndexOf, type Mutation, mutationHash, mutationMessage, noPrevious, vrfProofToHash, vrfProve } from '@boop/log';
import { systemRng } from '@boop/platform';
import { fromBase64Url, utf8 } from '@boop/shared';
import { type Submission } from '../map/mutation-intake.ts';

export interface Signer {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519') as { privateKey: KeyObject; publicKey: KeyObject };
  return { publicKey: fromBase64Url(publicKey.export({ format: 'jwk' }).x!), sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
}

/** A person's device: signs the versions of one account. */
export class AccountHolder {
  readonly label: Uint8Array;
  readonly index: Uint8Array;
  signer = newSigner();
  /** Bytes of all versions made so far. */
  readonly versions: Uint8Array[] = [];
  readonly #origin: string;

  constructor(origin: string, vrfSecret: Uint8Array, label: string) {
    this.#origin = origin;
    this.label = utf8(label);
    this.index = mapIndexOf(vrfProofToHash(vrfProve(vrfSecret, this.label)));
  }

  /** The next version. @param overrides to misbehave; the signature is made afterwards, with `signWith` */
  next(value: string, overrides: Partial<Mutation> = {}, signWith: Signer = this.signer): Submission {
    const version = this.versions.length;
    const shown = { opening: systemRng.bytes(32), value: utf8(value) };
    const body = {
      index: this.index,
      version,
      previous: version === 0 ? noPrevious() : mutationHash(this.versions[version - 1]!),
      commitment: commitTo({ ...shown, label: this.label, version }),
      authorizedKeys: [this.signer.publicKey],
      signer: signWith.publicKey,
      ...overrides,
    };
    return { mutation: formatMutation({ ...body, signature: signWith.sign(mutationMessage(this.#origin, body)) }), label: this.label, shown };
  }

  /** The next version, which later ones follow. */
  advance(value: string): Submission {
    const submission = this.next(value);
    this.versions.push(submission.mutation);
    return submission;
  }
}
