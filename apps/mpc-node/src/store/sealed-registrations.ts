import { fromUtf8 } from '@boop/shared';
import { type CopiedRow, type CopyRows } from './copy-rows.ts';

/** A registration as it lies in the database, with its rows in the order of their slots. */
export interface SealedRegistration {
  readonly id: string;
  readonly record: Uint8Array;
  readonly certificate: Uint8Array | null;
  readonly erasure: Uint8Array | null;
  readonly preparedAt: Date;
  readonly rows: { readonly slot: number; readonly epoch: number; readonly version: number; readonly share: Uint8Array }[];
}

/** All registrations of an epoch, in the order of their slots, as one statement sees them. */
export async function* sealedRegistrations(copyRows: CopyRows, epoch: number): AsyncIterable<SealedRegistration> {
  const query = `SELECT r.id, r.record, r.certificate, r.erasure, floor(extract(epoch FROM r.prepared_at) * 1000)::float8, g.slot, g.epoch, g.version, g.share
    FROM registrations r LEFT JOIN gallery_rows g ON g.epoch = r.epoch AND g.registration_id = r.id
    WHERE r.epoch = ${epoch} ORDER BY r.first_slot, g.slot`;
  let open: SealedRegistration | undefined;
  for await (const [id, record, certificate, erasure, preparedAt, ...row] of copyRows(query)) {
    const name = fromUtf8(id!);
    if (open?.id !== name) {
      if (open) yield open;
      open = { id: name, record: record!, certificate: certificate!, erasure: erasure!, preparedAt: new Date(view(preparedAt!).getFloat64(0)), rows: [] };
    }
    addRow(open, row);
  }
  if (open) yield open;
}

/** A registration that was erased has none. */
function addRow(registration: SealedRegistration, [slot, epoch, version, share]: CopiedRow): void {
  if (slot && epoch && version && share) registration.rows.push({ slot: view(slot).getInt32(0), epoch: view(epoch).getInt32(0), version: view(version).getInt32(0), share });
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
