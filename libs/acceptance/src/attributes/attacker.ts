import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPartial, openValue, recordKeyInput, type RecipientKey, type ReleasedRecord } from '@boop/identity';
import { type KeyCustody, openFileCustody, openRow, systemRng } from '@boop/platform';
import { importHpkeKeyPair } from '@boop/protocol';
import { fromBase64Url, lengthPrefixed, uint32, utf8 } from '@boop/shared';
import { KeyShare, prfCombine, prfEvaluate } from '@boop/threshold';
import { type RunningNetwork } from '../network-harness.ts';
import { query } from '../stock-clients.ts';
import { stolenHpkeSecret } from '../stolen-keys.ts';

/** Who has the files and databases of some processes, and with them all keys that those keep in memory. */
export class Attacker {
  readonly shares: readonly KeyShare[];
  /** HPKE private keys found. */
  readonly recipients: readonly RecipientKey[];

  private constructor(shares: readonly KeyShare[], recipients: readonly RecipientKey[]) {
    this.shares = shares;
    this.recipients = recipients;
  }

  /** With the folders and databases of these nodes. */
  static async of(network: RunningNetwork, parties: readonly number[]): Promise<Attacker> {
    const folders = parties.map((party) => join(network.dataDir, 'nodes', String(party), 'keys'));
    const custodies = folders.map((folder) => openFileCustody(folder, systemRng));
    const shares = await Promise.all(parties.map((party, at) => keyShare(network, party, custodies[at]!)));
    const recipients = await Promise.all(folders.map((folder) => importStolenKey(stolenHpkeSecret(folder))));
    for (const custody of custodies) custody.destroy();
    return new Attacker(shares, recipients);
  }

  /** Tries everything that these keys allow on one record that was seen on its way. @returns the value, if any attempt opens it */
  async open(seen: ReleasedRecord, others: readonly ReleasedRecord[] = []): Promise<unknown> {
    for (const candidate of await this.#keysFor(seen, others)) {
      try {
        const { recordId, attribute, version, source } = seen.document;
        return openValue(candidate, { recordId, attribute, version, source }, fromBase64Url(seen.ciphertext), seen.document).value;
      } catch {
        // Not this one.
      }
    }
    return undefined;
  }

  async #keysFor(seen: ReleasedRecord, others: readonly ReleasedRecord[]): Promise<Uint8Array[]> {
    const input = recordKeyInput(seen.document.recordId);
    const partials = new Map(this.shares.map((share) => [share.self, prfEvaluate(share, input, systemRng)]));
    for (const record of [seen, ...others]) {
      for (const partial of record.partials) {
        for (const recipient of this.recipients) {
          const opened = await openPartial(recipient, record.document.recordId, partial).catch(() => undefined);
          if (opened) partials.set(opened.party as never, fromBase64Url(opened.partial));
        }
      }
    }
    const candidates = [...partials.values()].flatMap((partial) => [partial.slice(1, 33), createHash('sha256').update(partial).digest(), createHash('sha256').update(partial.slice(0, 33)).digest()]);
    const [share] = this.shares;
    if (!share) return candidates;
    for (const group of [share.group, { ...share.group, threshold: partials.size }]) {
      try {
        candidates.push(Buffer.from(prfCombine(group, input, partials)));
      } catch {
        // Too few.
      }
    }
    return candidates;
  }
}

async function importStolenKey(secret: Uint8Array): Promise<RecipientKey> {
  const { privateKey, publicKey } = await importHpkeKeyPair(secret);
  return { privateKey: privateKey as CryptoKey, publicKey };
}

async function keyShare(network: RunningNetwork, party: number, custody: KeyCustody): Promise<KeyShare> {
  const url = network.adminUrl(`node_${party}`);
  const [key] = await query<{ wrapped: Buffer; epoch: number }>(url, 'SELECT wrapped, epoch FROM data_keys ORDER BY epoch DESC');
  const dataKey = custody.unwrapDataKey(new Uint8Array(key!.wrapped), `node-rows/${key!.epoch}`);
  const [row] = await query<{ share: Buffer }>(url, "SELECT * FROM group_key_shares WHERE name = 'attributes'");
  const place = (...numbers: number[]) => lengthPrefixed(utf8('boop-node-store/1'), utf8('group-key'), utf8('attributes'), ...numbers.map(uint32));
  for (const aad of [place(), place(key!.epoch)]) {
    try {
      return KeyShare.parse(openRow(dataKey, new Uint8Array(row!.share), aad));
    } catch {
      // Of the other form.
    }
  }
  throw new Error('the share does not open');
}

/** Every file of a process, as bytes. */
export const fileOf = (network: RunningNetwork, path: string): Buffer => readFileSync(join(network.dataDir, path));
