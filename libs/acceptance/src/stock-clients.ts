import { createHash, createPublicKey, verify } from 'node:crypto';
import pg from 'pg';

/** A signed note's parts, checked with nothing but Node's own cryptography. */
export interface CheckedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly signedBy: string;
}

/**
 * Verifies a checkpoint as the C2SP specifications say: signed-note (text, blank line, `— name base64(key id ‖ signature)`) and
 * tlog-checkpoint (origin, size, root), by a verifier key `name+hex(key id)+base64(1 ‖ Ed25519 public key)`.
 * @throws Error when anything does not fit
 */
export function checkCheckpoint(note: string, verifierKey: string): CheckedCheckpoint {
  const [, name, keyId, encodedKey] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKey) ?? fail('not a verifier key');
  const typed = Buffer.from(encodedKey!, 'base64');
  const digest = createHash('sha256').update(`${name}\n`).update(typed).digest();
  if (typed[0] !== 1 || typed.length !== 33 || digest.toString('hex', 0, 4) !== keyId) fail('the key id is not that of the key');

  const end = note.indexOf('\n\n');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).trimEnd().split('\n');
  const line = lines.find((each) => each.startsWith(`— ${name} `)) ?? fail('no signature of this key');
  const signature = Buffer.from(line.slice(`— ${name} `.length), 'base64');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: typed.subarray(1).toString('base64url') }, format: 'jwk' });
  if (signature.toString('hex', 0, 4) !== keyId || !verify(null, Buffer.from(text), key, signature.subarray(4))) fail('the signature does not verify');

  const [origin, size, root] = text.split('\n');
  return { origin: origin!, size: Number(size), root: root!, signedBy: name! };
}

function fail(reason: string): never {
  throw new Error(reason);
}

/** One query with the stock PostgreSQL client. */
export async function query<Row extends pg.QueryResultRow>(connectionString: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
