import { type KeyCustody, openRow, sealRow } from '@boop/platform';
import { lengthPrefixed, type Rng, uint32, utf8 } from '@boop/shared';
import { column, type Database } from './database.ts';

const dataKeyBytes = 32;

/** AES-256-GCM under the epoch's data key; the place of a value is its additional data, so values can't be swapped. */
export class Sealer {
  readonly #dataKey: Uint8Array;
  readonly epoch: number;

  constructor(dataKey: Uint8Array, epoch: number) {
    this.#dataKey = dataKey;
    this.epoch = epoch;
  }

  seal(place: Place, plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
    return column(sealRow(this.#dataKey, plaintext, additionalData(place)));
  }

  /** @throws BoopError `store.tampered` */
  open(place: Place, sealed: Uint8Array): Uint8Array {
    return openRow(this.#dataKey, sealed, additionalData(place));
  }

  wipe(): void {
    this.#dataKey.fill(0);
  }
}

/** Table, key, and for gallery rows slot, epoch and version. */
export interface Place {
  readonly table: string;
  readonly id: string;
  readonly numbers?: readonly number[];
}

const additionalData = ({ table, id, numbers = [] }: Place): Uint8Array => lengthPrefixed(utf8('boop-node-store/1'), utf8(table), utf8(id), ...numbers.map(uint32));

/** Unwraps the epoch's data key, making and wrapping one at first use. @throws BoopError `store.tampered` */
export async function openSealer(database: Database, custody: KeyCustody, epoch: number, rng: Rng): Promise<Sealer> {
  const context = `node-rows/${epoch}`;
  const fresh = rng.bytes(dataKeyBytes);
  // Of two processes that race, both get the first one's key.
  await database.dataKey.createMany({ data: [{ epoch, wrapped: column(custody.wrapDataKey(fresh, context)) }], skipDuplicates: true });
  fresh.fill(0);
  const { wrapped } = await database.dataKey.findUniqueOrThrow({ where: { epoch } });
  return new Sealer(custody.unwrapDataKey(wrapped, context), epoch);
}
