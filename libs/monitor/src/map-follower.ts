import { type Evidence, faultOfRecord, faultOfRecords, inclusionProof, type MapState, parseMapRevision, parseMapTransition, provenEntryOf, verifyMapTransition } from '@boop/log';
import { isBoopError, toBase64Url } from '@boop/shared';
import { type Finding } from './alarm.ts';
import { type SignedHead } from './log-follower.ts';
import { type Mirror } from './mirror.ts';
import { type LogSource } from './ports.ts';
import { type LoggedRecord } from './state.ts';

export interface FollowedMap {
  readonly map: MapState;
  /** Records whose transitions aren't served yet, or don't verify. */
  readonly waiting: readonly LoggedRecord[];
  readonly finding?: Finding;
}

/** Places the records in their chain, in the order of the log; stops at the first that can't stand. */
export async function chainRecords(mirror: Mirror, head: SignedHead, lastRecord: LoggedRecord | undefined, records: readonly LoggedRecord[]): Promise<{ chained: LoggedRecord[]; finding?: Finding }> {
  const chained: LoggedRecord[] = [];
  let last = lastRecord;
  for (const record of records) {
    const evidence = async (...shown: LoggedRecord[]): Promise<Evidence> => ({
      v: 1,
      kind: 'map-records',
      checkpoint: head.note,
      records: await Promise.all(shown.map(async ({ entry, leafIndex }) => provenEntryOf(entry, leafIndex, await inclusionProof(mirror, leafIndex, head.size)))),
    });
    const alone = faultOfRecord(record);
    if (alone !== undefined) return { chained, finding: { code: alone, evidence: await evidence(record) } };
    const together = last && faultOfRecords(last, record);
    if (last && together !== undefined) return { chained, finding: { code: together, evidence: await evidence(last, record) } };
    const revision = parseMapRevision(record.entry);
    // It points at an entry that is no record, or nothing precedes a record that isn't the first.
    if (revision.previousEntry !== (last?.leafIndex ?? null)) return { chained, finding: await danglingRecord(mirror, head, record, revision.previousEntry, evidence) };
    chained.push(record);
    last = record;
  }
  return { chained };
}

async function danglingRecord(mirror: Mirror, head: SignedHead, record: LoggedRecord, previousEntry: number | null, evidence: (...shown: LoggedRecord[]) => Promise<Evidence>): Promise<Finding> {
  if (previousEntry === null) return { code: 'map.wrong-previous-entry', observed: head.note };
  const entry = await mirror.entry(previousEntry, head.size);
  return { code: 'map.wrong-previous-entry', evidence: await evidence({ leafIndex: previousEntry, entry }, record) };
}

export interface MapToFollow {
  readonly mirror: Mirror;
  readonly source: LogSource;
  readonly head: SignedHead;
  readonly origin: string;
  readonly before: MapState;
  readonly records: readonly LoggedRecord[];
}

/** Verifies transitions as far as they are served. Rejects when the log can't be reached. */
export async function followMap({ mirror, source, head, origin, before, records }: MapToFollow): Promise<FollowedMap> {
  let map = before;
  for (const [at, { entry, leafIndex }] of records.entries()) {
    const revision = parseMapRevision(entry);
    const bytes = await source.transition(revision.revision);
    if (bytes === undefined) return { map, waiting: records.slice(at) };
    try {
      verifyMapTransition({ origin, before: map, revision, transition: parseMapTransition(bytes) });
    } catch (error) {
      if (!isBoopError(error)) throw error;
      const record = provenEntryOf(entry, leafIndex, await inclusionProof(mirror, leafIndex, head.size));
      return { map, waiting: records.slice(at), finding: { code: error.code, evidence: { v: 1, kind: 'map-transition', checkpoint: head.note, record, transition: toBase64Url(bytes) } } };
    }
    map = { revision: revision.revision, root: revision.root, entry: leafIndex };
  }
  return { map, waiting: [] };
}
