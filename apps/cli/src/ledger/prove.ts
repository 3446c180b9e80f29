import { createLogProof, formatTlogProof, inclusionProof, leafHash, type LogProof, type MapProof, openCheckpoint, parseEntries, TILE_WIDTH, verifyInclusionProof, verifyLogProof, verifyMapProof } from '@boop/log';
import { HttpLogSource } from '@boop/monitor';
import { BoopError, fromBase64Url, toBase64Url, utf8 } from '@boop/shared';

const TIMEOUT_MS = 15_000;

/** Makes the proof from the log's tiles, as anybody can; verified before it is returned. */
export async function proveIndex(url: string, vkey: string, index: number): Promise<{ json: LogProof; text: string; entry: Uint8Array }> {
  const source = new HttpLogSource(url);
  const note = await source.checkpoint();
  const { size, root } = openCheckpoint(note, { vkey }).checkpoint;
  if (index >= size) throw new BoopError('log.pending', `the log has ${size} entries under its checkpoint`, { kind: 'unavailable' });
  const bundle = Math.floor(index / TILE_WIDTH);
  const width = Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH);
  const entry = parseEntries(await source.read({ level: 'entries', index: bundle, width }), width)[index % TILE_WIDTH]!;
  const proof = await inclusionProof(source, index, size);
  verifyInclusionProof({ leafHash: leafHash(entry), index, size, root, proof });
  return { json: await createLogProof(source, entry, index, note), text: formatTlogProof({ index, proof, checkpoint: note }), entry };
}

/** The ledger's own proof of an entry that is named by its hash; verified before it is returned. */
export async function proveEntry(url: string, vkey: string, entryHash: string): Promise<LogProof> {
  const proof = (await getJson(url, `v1/log/proofs/${encodeURIComponent(entryHash)}`)) as LogProof;
  verifyLogProof(proof, vkey);
  return proof;
}

/** What the map holds for an account, with its history; verified before it is returned. */
export async function proveAccount(url: string, vkey: string, vrfKey: string, account: string): Promise<MapProof> {
  const proof = (await getJson(url, `v1/ledger/map/lookup/${toBase64Url(utf8(account))}?history=true`)) as MapProof;
  verifyMapProof(proof, { vkey, vrfKey: keyBytes(vrfKey), label: utf8(account) });
  return proof;
}

export function keyBytes(text: string): Uint8Array {
  try {
    return fromBase64Url(text);
  } catch {
    throw new BoopError('vrf.invalid-key', 'a key is given as base64url');
  }
}

async function getJson(url: string, path: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`${url.replace(/\/+$/, '')}/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  } catch (error) {
    throw new BoopError('log.unavailable', 'the ledger can not be reached', { kind: 'unavailable', cause: error });
  }
  if (response.status !== 200) throw new BoopError('ledger.refused', `the ledger answers ${response.status}`, { kind: response.status === 404 ? 'rejected' : 'unavailable' });
  return response.json();
}
