import {
  appendEntries,
  type Checkpoint,
  consistencyProof,
  type Evidence,
  inclusionProof,
  isMapRevision,
  parseEntries,
  provenEntryOf,
  type ProvenLeaf,
  readHashes,
  type TileReader,
  TILE_WIDTH,
  tileAt,
  type TreeHead,
  treeRoot,
} from '@boop/log';
import { equalBytes, isBoopError, toBase64Url } from '@boop/shared';
import { type Finding } from './alarm.ts';
import { firstDifference } from './first-difference.ts';
import { type Mirror } from './mirror.ts';
import { type LogSource } from './ports.ts';
import { type LoggedRecord } from './state.ts';

/** Entries fetched and hashed at a time. */
const CHUNK = 32 * TILE_WIDTH;

export interface Growth {
  readonly head: TreeHead;
  readonly records: readonly LoggedRecord[];
  readonly findings: readonly Finding[];
}

export interface SignedHead extends TreeHead {
  /** Signed note. */
  readonly note: string;
}

export type EntryRule = (entry: Uint8Array) => string | undefined;

/**
 * Downloads all entries up to a newer checkpoint and rebuilds the tree over them: its root is the checkpoint's, or something is wrong. So the
 * newer tree extends the older by construction, and what is served under it is what was signed.
 * Returns findings instead of a head when it isn't so. Rejects when the log can't be reached or doesn't serve tiles.
 */
export async function followGrowth(mirror: Mirror, source: LogSource, older: SignedHead | undefined, newer: SignedHead, from: TreeHead, entryFault: EntryRule): Promise<Growth> {
  let head = from;
  const records: LoggedRecord[] = [];
  const broken: { leafIndex: number; entry: Uint8Array }[] = [];
  while (head.size < newer.size) {
    const entries = await readEntries(source, head.size, Math.min(newer.size, chunkEnd(head.size)), newer.size);
    entries.forEach((entry, at) => {
      const leafIndex = head.size + at;
      if (isMapRevision(entry)) records.push({ leafIndex, entry });
      else if (entryFault(entry) !== undefined) broken.push({ leafIndex, entry });
    });
    const growth = await appendEntries(mirror, head, entries);
    await mirror.write(growth.writes);
    head = growth.head;
  }
  if (!equalBytes(head.root, newer.root)) return { head: from, records: [], findings: [await diagnose(mirror, source, older, newer)] };
  const findings = broken.map(async ({ leafIndex, entry }): Promise<Finding> => {
    const evidence: Evidence = { v: 1, kind: 'entry', checkpoint: newer.note, entry: provenEntryOf(entry, leafIndex, await inclusionProof(mirror, leafIndex, newer.size)) };
    return { code: entryFault(entry)!, evidence };
  });
  return { head, records, findings: await Promise.all(findings) };
}

const chunkEnd = (from: number): number => Math.floor(from / CHUNK + 1) * CHUNK;

/** Entries [from, to) of the tree of `size` entries. */
async function readEntries(source: TileReader, from: number, to: number, size: number): Promise<Uint8Array[]> {
  const bundles: Promise<Uint8Array[]>[] = [];
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
    const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH);
    bundles.push(source.read({ level: 'entries', index, width }).then((bytes) => parseEntries(bytes, width)));
  }
  const start = Math.floor(from / TILE_WIDTH) * TILE_WIDTH;
  return (await Promise.all(bundles)).flat().slice(from - start, to - start);
}

/** Why entries that are served don't make the tree that was signed. */
async function diagnose(mirror: TileReader, source: LogSource, older: SignedHead | undefined, newer: SignedHead): Promise<Finding> {
  const observed = newer.note;
  if (older === undefined) return { code: 'monitor.tiles-mismatch', observed };
  const evidence = await twoHistories({ ...older, tiles: mirror }, { ...newer, tiles: source }).catch((error: unknown) => {
    if (isBoopError(error)) return undefined;
    throw error;
  });
  return evidence ? { code: 'log.two-histories', evidence } : { code: 'monitor.tiles-mismatch', observed };
}

export interface HeldHead extends SignedHead {
  readonly tiles: TileReader;
}

/**
 * Evidence from two heads with the trees under them; undefined when the leaves that both have are the same, or when tiles don't belong to
 * their head (nobody signed tiles).
 */
export async function twoHistories(a: HeldHead, b: HeldHead): Promise<Evidence | undefined> {
  const whole = await Promise.all([a, b].map(async ({ tiles, size, root }) => equalBytes(await treeRoot(tiles, size), root)));
  if (!whole.every(Boolean)) return undefined;
  if (a.size === b.size) return equalBytes(a.root, b.root) ? undefined : { v: 1, kind: 'two-heads', checkpoints: [a.note, b.note] };
  const leafIndex = await firstDifference(a, b);
  if (leafIndex === undefined) return undefined;
  return { v: 1, kind: 'two-histories', checkpoints: [a.note, b.note], leafIndex, leaves: [await provenLeaf(a, leafIndex), await provenLeaf(b, leafIndex)] };
}

async function provenLeaf({ tiles, size }: HeldHead, leafIndex: number): Promise<ProvenLeaf> {
  const hashes = await readHashes(tiles, tileAt(0, Math.floor(leafIndex / TILE_WIDTH), size));
  const inclusion = await inclusionProof(tiles, leafIndex, size);
  return { leafHash: toBase64Url(hashes[leafIndex % TILE_WIDTH]!), inclusion: inclusion.map(toBase64Url) };
}

/**
 * What a head shows that is no larger than the mirror's: undefined when the mirror had the same one. The mirror alone convicts; where `source`
 * has the other tree, the evidence also names the entry.
 */
export async function compareOlder(mirror: Mirror, ours: SignedHead, other: SignedHead, source: TileReader): Promise<Finding | undefined> {
  const root = await treeRoot(mirror, other.size);
  if (equalBytes(root, other.root)) return undefined;
  if (ours.size === other.size) return { code: 'log.two-heads', evidence: { v: 1, kind: 'two-heads', checkpoints: [ours.note, other.note] } };
  if (other.size === 0) return { code: 'monitor.inconsistent-head', observed: other.note };
  const named = await twoHistories({ ...ours, tiles: mirror }, { ...other, tiles: source }).catch((error: unknown) => {
    if (isBoopError(error)) return undefined;
    throw error;
  });
  if (named) return { code: 'log.two-histories', evidence: named };
  const consistency = await consistencyProof(mirror, other.size, ours.size);
  return { code: 'log.inconsistent-heads', evidence: { v: 1, kind: 'inconsistent-heads', checkpoints: [other.note, ours.note], root: toBase64Url(root), consistency: consistency.map(toBase64Url) } };
}

export const headOf = ({ size, root }: Checkpoint, note: string): SignedHead => ({ size, root, note });
