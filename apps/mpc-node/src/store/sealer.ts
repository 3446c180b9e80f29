import { createSecretKey, type KeyObject } from 'node:crypto';
import { type KeyCustody, openRow, sealRow } from '@boop/platform';
import { BoopError, concatBytes, lengthPrefixed, type Rng, uint32, utf8 } from '@boop/shared';
import { column, type Database } from './database.ts';

const dataKeyBytes = 32;
const domain = utf8('boop-node-store/1');

/** AES-256-GCM under the epoch's data key; the place of a value is its additional data, so values can't be swapped. */
export class Sealer {
  #dataKey: KeyObject | undefined;
  readonly #prefixes = new Map<string, Uint8Array>();
  readonly epoch: number;

  /** @param dataKey 32 bytes, which are wiped */
  constructor(dataKey: Uint8Array, epoch: number) {
    this.#dataKey = createSecretKey(dataKey);
    dataKey.fill(0);
    this.epoch = epoch;
  }

  seal(place: Place, plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
    return column(sealRow(this.#key, plaintext, this.#additionalData(place)));
  }

  /** @throws BoopError `store.tampered` */
  open(place: Place, sealed: Uint8Array): Uint8Array {
    return openRow(this.#key, sealed, this.#additionalData(place));
  }

  /** Its memory is cleared when it is freed. */
  wipe(): void {
    this.#dataKey = undefined;
  }

  get #key(): KeyObject {
    if (!this.#dataKey) throw new BoopError('store.closed', 'the data key was wiped', { kind: 'fatal' });
    return this.#dataKey;
  }

  #additionalData({ table, id, numbers = [] }: Place): Uint8Array {
    let prefix = this.#prefixes.get(table);
    if (!prefix) this.#prefixes.set(table, (prefix = lengthPrefixed(domain, utf8(table))));
    return concatBytes(prefix, lengthPrefixed(utf8(id), ...numbers.map(uint32)));
  }
}

/** Table, key, and for gallery rows slot, epoch and version. */
export interface Place {
  readonly table: string;
  readonly id: string;
  readonly numbers?: readonly number[];
}

/** Context under which the custody wraps an epoch's data key. */
export const dataKeyContext = (epoch: number): string => `node-rows/${epoch}`;

/** Unwraps the epoch's data key, making and wrapping one at first use. @throws BoopError `store.tampered` */
export async function openSealer(database: Database, custody: KeyCustody, epoch: number, rng: Rng): Promise<Sealer> {
  const context = dataKeyContext(epoch);
  const fresh = rng.bytes(dataKeyBytes);
  // Of two processes that race, both get the first one's key.
  await database.dataKey.createMany({ data: [{ epoch, wrapped: column(custody.wrapDataKey(fresh, context)) }], skipDuplicates: true });
  fresh.fill(0);
  const { wrapped } = await database.dataKey.findUniqueOrThrow({ where: { epoch } });
  return new Sealer(custody.unwrapDataKey(wrapped, context), epoch);
}
