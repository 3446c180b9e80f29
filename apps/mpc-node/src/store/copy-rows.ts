import { BoopError } from '@boop/shared';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';

/** Columns of one row as PostgreSQL sends them in its binary format; null for NULL. */
export type CopiedRow = readonly (Uint8Array | null)[];

/** Reads the rows of a query in one snapshot, one after the other, without holding them all. */
export type CopyRows = (query: string) => AsyncIterable<CopiedRow>;

const connectionTimeoutMs = 5_000;
/** "Binary Format" of PostgreSQL's documentation of COPY: signature, flags, length of an extension that nobody uses. */
const signature = Uint8Array.of(0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00);
const headerBytes = signature.length + 8;
const endOfRows = -1;
const nullField = -1;

/** Over a connection of its own: bulk reads take longer than the statements of a session may. */
export function copyRowsOf(databaseUrl: string): CopyRows {
  return async function* (query) {
    const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectionTimeoutMs });
    await client.connect();
    try {
      yield* readCopy(client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT binary)`)) as AsyncIterable<Uint8Array>);
    } finally {
      await client.end();
    }
  };
}

/** Rows of PostgreSQL's binary COPY format. @throws BoopError `store.tampered` when the stream isn't one, or ends early */
export async function* readCopy(chunks: AsyncIterable<Uint8Array>): AsyncIterable<CopiedRow> {
  let rest: Uint8Array = new Uint8Array(0);
  let at = 0;
  let isBegun = false;
  let isEnded = false;
  for await (const chunk of chunks) {
    rest = at === rest.length ? chunk : Buffer.concat([rest.subarray(at), chunk]);
    at = 0;
    if (!isBegun) {
      if (rest.length < headerBytes) continue;
      if (!signature.every((byte, place) => rest[place] === byte)) throw malformed();
      at = headerBytes;
      isBegun = true;
    }
    for (;;) {
      const next = rowAt(rest, at);
      if (next === undefined) break;
      at = next.at;
      if (next.row === undefined) isEnded = true;
      else if (isEnded) throw malformed();
      else yield next.row;
    }
  }
  if (!isEnded || at !== rest.length) throw malformed();
}

/** @returns undefined when the row isn't there as a whole yet; no row for the trailer */
function rowAt(bytes: Uint8Array, from: number): { row: CopiedRow | undefined; at: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < from + 2) return undefined;
  const fields = view.getInt16(from);
  let at = from + 2;
  if (fields === endOfRows) return { row: undefined, at };
  if (fields < 0) throw malformed();
  const spans: ([number, number] | null)[] = [];
  for (let field = 0; field < fields; field++) {
    if (bytes.length < at + 4) return undefined;
    const size = view.getInt32(at);
    at += 4;
    if (size < nullField) throw malformed();
    spans.push(size === nullField ? null : [at, at + size]);
    if (size > 0) at += size;
    if (bytes.length < at) return undefined;
  }
  return { row: spans.map((span) => (span === null ? null : bytes.subarray(...span))), at };
}

const malformed = (): BoopError => new BoopError('store.tampered', 'the rows that were read are not whole', { kind: 'fatal' });
