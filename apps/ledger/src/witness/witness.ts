import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { cosign, createVerifierKey, decideAddCheckpoint, emptyTreeHead, formatSignatureLines, formatVerifierKey, parseVerifierKey, SignatureType, type TreeHead, type VerifierKey, WITNESS_SIZE_TYPE } from '@boop/log';
import { writeFileAtomic } from '@boop/platform';
import { BoopError, type Clock, fromBase64Url, type Rng } from '@boop/shared';

/** Heads of other logs. Contract: `advance` checks and persists in one atomic step and is durable when it resolves. */
export interface WitnessStore {
  head(origin: string): Promise<TreeHead | undefined>;
  /** @returns false when the stored size is no longer `oldSize`; a log that is not stored has size 0 */
  advance(origin: string, oldSize: number, head: TreeHead): Promise<boolean>;
}

export interface WitnessAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What signs: an Ed25519 key of its own. */
export interface WitnessKey {
  readonly verifierKey: VerifierKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** This ledger as a witness of other logs (C2SP tlog-witness): it cosigns a checkpoint only if that extends the last one that it cosigned. */
export class Witness {
  readonly #logs: ReadonlyMap<string, VerifierKey[]>;
  readonly #parts: { readonly key: WitnessKey; readonly store: WitnessStore; readonly clock: Clock };

  /** @param vkeys keys of the logs that it watches; the name of each is its log's origin */
  constructor(vkeys: readonly string[], parts: { key: WitnessKey; store: WitnessStore; clock: Clock }) {
    this.#logs = Map.groupBy(vkeys.map(parseVerifierKey), ({ name }) => name);
    this.#parts = parts;
  }

  get vkey(): string {
    return formatVerifierKey(this.#parts.key.verifierKey);
  }

  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    const { key, store, clock } = this.#parts;
    const heads = new Map<string, TreeHead>();
    for (const origin of this.#logs.keys()) heads.set(origin, (await store.head(origin)) ?? emptyTreeHead());
    const decision = decideAddCheckpoint(body, (origin) => {
      const keys = this.#logs.get(origin);
      return keys && { keys, head: heads.get(origin)! };
    });
    if (decision.status === 409) return { status: 409, type: WITNESS_SIZE_TYPE, body: decision.body };
    if (decision.status !== 200) return { status: decision.status, type: 'text/plain; charset=utf-8', body: '' };
    const { checkpoint, oldSize, head, text } = decision;
    if (!(await store.advance(checkpoint.origin, oldSize, head))) {
      const moved = await store.head(checkpoint.origin);
      return { status: 409, type: WITNESS_SIZE_TYPE, body: `${moved?.size ?? 0}\n` };
    }
    const line = cosign(key.verifierKey, Math.floor(clock.nowMs() / 1_000), text, key.sign);
    return { status: 200, type: 'text/plain; charset=utf-8', body: formatSignatureLines([line]) };
  }
}

/** PKCS #8 of an Ed25519 key without its 32 secret bytes (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The witness's key from its file, created at the first start. @throws BoopError `config.secret-exposed`, `witness.malformed-key` */
export function openWitnessKey(file: string, name: string, rng: Rng): WitnessKey {
  if (!existsSync(file)) writeFileAtomic(file, rng.bytes(32));
  if ((statSync(file).mode & 0o077) !== 0) throw new BoopError('config.secret-exposed', `secret file ${file} must have mode 0600`, { kind: 'fatal' });
  const seed = readFileSync(file);
  if (seed.length !== 32) throw new BoopError('witness.malformed-key', `${file} is not a key of 32 bytes`, { kind: 'fatal' });
  const privateKey: KeyObject = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = fromBase64Url(createPublicKey(privateKey).export({ format: 'jwk' }).x!);
  return { verifierKey: createVerifierKey(name, SignatureType.cosignatureV1, publicKey), sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
}
