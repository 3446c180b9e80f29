import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { BoopError, fromBase64Url } from '@boop/shared';
import { entryReceiptBytes, type EntryReceipt, entryVoucher, type LogEntry, type NetworkManifest, parseLogEntry } from '@boop/protocol';

const verifyAsync = promisify(verify) as (algorithm: null, data: Uint8Array, key: KeyObject, signature: Uint8Array) => Promise<boolean>;

/** SubjectPublicKeyInfo of an Ed25519 key without its 32 key bytes (RFC 8410 section 4). */
const ED25519_SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/**
 * Decides what a gateway may enter into the log: an entry of a known kind of this network, vouched for as its kind asks. What nodes saw needs valid
 * receipts of t+1 of them, so that at least one honest node saw the event; for its own doings the gateway's word is enough, which says no
 * more than that the gateway said so; what only the ledger itself writes is refused.
 */
export class Admission {
  readonly #manifest: NetworkManifest;
  readonly #at: (epoch: number) => NetworkManifest | undefined;
  readonly #identityKeys = new Map<string, KeyObject>();

  /** @param at manifests of earlier epochs, whose members vouch for what they saw then; those in force do for epochs of which none is known */
  constructor(manifest: NetworkManifest, at: (epoch: number) => NetworkManifest | undefined = () => undefined) {
    this.#manifest = manifest;
    this.#at = at;
  }

  /**
   * Cost: one Ed25519 verification per receipt, off the main thread, at most N.
   * @throws BoopError `log.malformed-entry`, `log.wrong-network`, `log.wrong-epoch`, `log.unauthorized`
   */
  async check(bytes: Uint8Array, receipts: readonly EntryReceipt[]): Promise<LogEntry> {
    const entry = parseLogEntry(bytes);
    if (entry.networkId !== this.#manifest.networkId) throw new BoopError('log.wrong-network', 'the entry is of another network');
    if (entry.epoch > this.#manifest.epoch) throw new BoopError('log.wrong-epoch', 'the entry is of an epoch that has not begun');
    const voucher = entryVoucher[entry.kind];
    if (voucher === 'ledger') throw new BoopError('log.unauthorized', 'entries of this kind are written by the ledger alone');
    if (voucher === 'gateway') return entry;
    const signed = entryReceiptBytes(bytes);
    const { members, threshold } = this.#at(entry.epoch) ?? this.#manifest;
    const valid = await Promise.all(receipts.map((receipt) => this.#isValid(members, receipt, signed)));
    const vouching = new Set(receipts.filter((_, at) => valid[at]).map(({ party }) => party));
    if (vouching.size <= threshold) throw new BoopError('log.unauthorized', 'too few nodes vouch for the entry');
    return entry;
  }

  async #isValid(members: NetworkManifest['members'], { party, signature }: EntryReceipt, signed: Uint8Array): Promise<boolean> {
    const identityKey = members[party - 1]?.identityKey;
    return identityKey !== undefined && (await verifyAsync(null, signed, this.#key(identityKey), fromBase64Url(signature)));
  }

  #key(identityKey: string): KeyObject {
    const key = this.#identityKeys.get(identityKey) ?? ed25519PublicKey(fromBase64Url(identityKey));
    this.#identityKeys.set(identityKey, key);
    return key;
  }
}

function ed25519PublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([ED25519_SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}
