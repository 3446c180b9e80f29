import { equalBytes } from '@boop/shared';
import { isEmptyRoot } from './map-node.ts';
import { isMapRevision, type MapRevision, parseMapRevision } from './revision.ts';

/** An entry of the log that claims to record a revision of the map. */
export interface RecordAt {
  readonly entry: Uint8Array;
  readonly leafIndex: number;
}

/** What is wrong with one record by itself; undefined when nothing is. */
export function faultOfRecord({ entry, leafIndex }: RecordAt): string | undefined {
  const record = parsed(entry);
  if (record === undefined) return isMapRevision(entry) ? 'map.malformed-revision' : undefined;
  if (record.revision === 1) return isEmptyRoot(record.previousRoot) ? undefined : 'map.wrong-previous-root';
  return record.previousEntry! < leafIndex ? undefined : 'map.wrong-previous-entry';
}

/**
 * What is wrong with two entries of one log, the later a record: records form a chain, in which each points at the one before, takes over
 * its root, and nothing goes back or branches. Undefined when these two may both stand.
 */
export function faultOfRecords(earlier: RecordAt, later: RecordAt): string | undefined {
  const after = parsed(later.entry);
  if (after === undefined || earlier.leafIndex >= later.leafIndex) return undefined;
  const before = parsed(earlier.entry);
  const pointsAtEarlier = after.previousEntry === earlier.leafIndex;
  if (before === undefined) return pointsAtEarlier ? 'map.wrong-previous-entry' : undefined;
  if (after.revision <= before.revision) return 'map.rolled-back';
  if (pointsAtEarlier) return faultOfStep(before, after);
  // A record between the one pointed at and the one that points: the map branched off an old revision.
  return after.previousEntry! < earlier.leafIndex ? 'map.rolled-back' : undefined;
}

function faultOfStep(before: MapRevision, after: MapRevision): string | undefined {
  if (after.revision !== before.revision + 1) return 'map.revision-gap';
  if (!equalBytes(after.previousRoot, before.root)) return 'map.unlogged-root';
  return equalBytes(after.vrfKey, before.vrfKey) ? undefined : 'map.wrong-vrf-key';
}

function parsed(entry: Uint8Array): MapRevision | undefined {
  try {
    return parseMapRevision(entry);
  } catch {
    return undefined;
  }
}
