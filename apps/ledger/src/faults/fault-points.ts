import { type FaultHook as Hook } from '@boop/platform';

/**
 * Every write of sequencing and publishing, in order, by name. `*.commit` is the end of a transaction: before it nothing has happened for others,
 * after it everything has, though nobody was told.
 */
export const FAULT_POINTS = [
  'append.head',
  'append.entries',
  'append.tiles',
  'append.commit',
  'publish.note',
  'publish.state',
  'publish.commit',
  'cosignatures.insert',
  'mutation.insert',
  'mutation.opening',
  'mutation.commit',
  'openings.delete',
  'revision.head',
  'revision.entries',
  'revision.tiles',
  'revision.nodes',
  'revision.mutations',
  'revision.record',
  'revision.commit',
  'witness.head',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

export type FaultHook = Hook<FaultPoint>;
