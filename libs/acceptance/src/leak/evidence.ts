import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type RunningNetwork } from '../network-harness.ts';
import { query } from '../stock-clients.ts';

/** Bytes that somebody saw or kept, and where. */
export interface Evidence {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every file below a folder. */
export function filesUnder(dir: string): Evidence[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(dir, path), bytes: readFileSync(path) }));
}

/** What the recorder wrote of one process: each socket's streams, and what came masked over WebSockets without its masks. */
export function recordsOf(recordDir: string, process: string): Evidence[] {
  const streams = filesUnder(join(recordDir, process));
  return [...streams, ...streams.filter(({ bytes }) => bytes.toString('latin1', 0, 8) === 'GET /ws/').map(({ name, bytes }) => ({ name: `${name} unmasked`, bytes: Buffer.concat(webSocketPayloads(bytes)) }))];
}

/** Payloads of the frames that follow a client's upgrade request (RFC 6455 section 5.2). */
export function webSocketPayloads(stream: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = stream.indexOf('\r\n\r\n') + 4; at + 2 <= stream.length; ) {
    const [masked, short] = [stream[at + 1]! >> 7, stream[at + 1]! & 127];
    at += 2;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const length = lengthBytes === 0 ? short : lengthBytes === 2 ? stream.readUInt16BE(at) : Number(stream.readBigUInt64BE(at));
    at += lengthBytes;
    const mask = masked ? stream.subarray(at, at + 4) : Buffer.alloc(4);
    at += masked ? 4 : 0;
    payloads.push(Buffer.from(stream.subarray(at, at + length).map((byte, i) => byte ^ mask[i & 3]!)));
    at += length;
  }
  return payloads;
}

/** All rows of all tables of all databases, as PostgreSQL's administrator reads them. */
export async function dumpDatabases(network: RunningNetwork): Promise<Evidence[]> {
  const databases = await query<{ name: string }>(network.adminUrl('postgres'), 'SELECT datname AS name FROM pg_database WHERE datallowconn ORDER BY 1');
  const dumps: Evidence[] = [];
  for (const { name } of databases) {
    const url = network.adminUrl(name);
    const tables = await query<{ path: string }>(url, `SELECT format('%I.%I', table_schema, table_name) AS path FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`);
    for (const { path } of tables) {
      const rows = await query<{ row: string }>(url, `SELECT each::text AS row FROM ${path} AS each`);
      dumps.push({ name: `${name}.${path}`, bytes: Buffer.from(rows.map(({ row }) => row).join('\n')) });
    }
  }
  return dumps;
}
