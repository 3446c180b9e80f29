import { BoopError, canonicalJson, equalBytes, fromBase64Url, fromUtf8, toBase64Url } from '@boop/shared';

/** Mutations that one revision may apply. */
export const REVISION_MUTATIONS_MAX = 4_096;

/** One state of the map. Its record is an entry of the log, and only then is the revision served. */
export interface MapRevision {
  readonly networkId: string;
  readonly epoch: number;
  /** Seconds since the Unix epoch. */
  readonly time: number;
  /** From 1, without gaps. */
  readonly revision: number;
  /** Root of the revision before; of the empty map before revision 1. */
  readonly previousRoot: Uint8Array;
  readonly root: Uint8Array;
  /** Log index of the record of the revision before; null for revision 1. */
  readonly previousEntry: number | null;
  /** The mutations applied: their number and the RFC 6962 root over their bytes, in ascending order of index. */
  readonly mutations: { readonly count: number; readonly root: Uint8Array };
  /** Public key of the function that gives indices; 32 bytes. */
  readonly vrfKey: Uint8Array;
  /** Root of all balances as of this revision. */
  readonly balances?: Uint8Array;
}

const KIND = 'map-revision';
const malformed = (): BoopError => new BoopError('map.malformed-revision', 'not the record of a map revision');

/** Canonical JSON (RFC 8785). Throws `map.malformed-revision` where {@link parseMapRevision} would refuse the result. */
export function formatMapRevision({ previousRoot, root, mutations, vrfKey, balances, ...rest }: MapRevision): Uint8Array {
  const record = {
    v: 1,
    kind: KIND,
    ...rest,
    previousRoot: toBase64Url(previousRoot),
    root: toBase64Url(root),
    mutations: { count: mutations.count, root: toBase64Url(mutations.root) },
    vrfKey: toBase64Url(vrfKey),
    ...(balances === undefined ? {} : { balances: toBase64Url(balances) }),
  };
  const bytes = canonicalJson(record);
  parseMapRevision(bytes);
  return bytes;
}

/** Strict inverse of {@link formatMapRevision}; throws `map.malformed-revision`. */
export function parseMapRevision(entry: Uint8Array): MapRevision {
  const record = parseObject(entry);
  const { v, kind, networkId, epoch, time, revision, previousEntry, mutations, balances } = record;
  const members = ['epoch', 'kind', 'mutations', 'networkId', 'previousEntry', 'previousRoot', 'revision', 'root', 'time', 'v', 'vrfKey', ...(balances === undefined ? [] : ['balances'])];
  if (!hasMembers(record, members) || v !== 1 || kind !== KIND || !isObject(mutations) || !hasMembers(mutations, ['count', 'root'])) throw malformed();
  if (typeof networkId !== 'string' || networkId === '' || networkId.length > 128) throw malformed();
  const first = revision === 1;
  const countsOk = isCount(epoch, 1) && isCount(time, 0) && isCount(revision, 1) && isCount(mutations.count, 0) && mutations.count <= REVISION_MUTATIONS_MAX;
  if (!countsOk || (first ? previousEntry !== null : !isCount(previousEntry, 0))) throw malformed();
  return {
    networkId,
    epoch,
    time,
    revision,
    previousEntry: first ? null : (previousEntry as number),
    previousRoot: hash(record.previousRoot),
    root: hash(record.root),
    mutations: { count: mutations.count as number, root: hash(mutations.root) },
    vrfKey: hash(record.vrfKey),
    ...(balances === undefined ? {} : { balances: hash(balances) }),
  };
}

/** Whether an entry of the log claims to be such a record, be it well-formed or not. */
export function isMapRevision(entry: Uint8Array): boolean {
  try {
    const record: unknown = JSON.parse(fromUtf8(entry));
    return isObject(record) && record.kind === KIND;
  } catch {
    return false;
  }
}

function parseObject(entry: Uint8Array): Record<string, unknown> {
  let record: unknown;
  try {
    record = JSON.parse(fromUtf8(entry));
  } catch {
    throw malformed();
  }
  // Canonical: one record, one text. Also refuses members given twice.
  if (!isObject(record) || !equalBytes(canonical(record), entry)) throw malformed();
  return record;
}

function canonical(record: Record<string, unknown>): Uint8Array {
  try {
    return canonicalJson(record);
  } catch {
    throw malformed();
  }
}

function hash(text: unknown): Uint8Array {
  try {
    if (typeof text === 'string' && text.length === 43) return fromBase64Url(text);
  } catch {
    // Falls through to the one refusal.
  }
  throw malformed();
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const hasMembers = (value: Record<string, unknown>, names: readonly string[]): boolean => Object.keys(value).sort().join() === [...names].sort().join();
const isCount = (value: unknown, min: number): value is number => Number.isSafeInteger(value) && (value as number) >= min;
