import { EMPTY_MAP_ROOT, emptyTreeHead, type MapState, type TreeHead } from '@boop/log';
import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { z } from 'zod';

/** An entry of the log that records a revision, kept until its transition is verified. */
export interface LoggedRecord {
  readonly leafIndex: number;
  readonly entry: Uint8Array;
}

export const CLAIMS_MAX = 16;

/** All that a monitor knows between two steps. */
export interface MonitorState {
  readonly head: TreeHead;
  /** Signed note of `head`; undefined before the first. */
  readonly note: string | undefined;
  /** The same with the monitor's cosignature, once all that it covers was verified. */
  readonly cosigned: string | undefined;
  /** The map as far as transitions were verified. */
  readonly map: MapState;
  /** The newest record whose place in the chain was verified. */
  readonly lastRecord: LoggedRecord | undefined;
  /** Records in order whose transitions are still to be verified. */
  readonly waiting: readonly LoggedRecord[];
  /** Signed notes of larger heads that others saw, to be compared once the log has grown so far; at most {@link CLAIMS_MAX}. */
  readonly claims: readonly string[];
  /** Evidence was found: nothing is cosigned any more. */
  readonly convicted: boolean;
}

export const initialState = (): MonitorState => ({
  head: emptyTreeHead(),
  note: undefined,
  cosigned: undefined,
  map: { revision: 0, root: EMPTY_MAP_ROOT, entry: null },
  lastRecord: undefined,
  waiting: [],
  claims: [],
  convicted: false,
});

const bytes = z.string().transform((text) => fromBase64Url(text));
const count = z.number().int().min(0);
const record = z.strictObject({ leafIndex: count, entry: bytes });
const schema = z.strictObject({
  v: z.literal(1),
  head: z.strictObject({ size: count, root: bytes }),
  note: z.string().optional(),
  cosigned: z.string().optional(),
  map: z.strictObject({ revision: count, root: bytes, entry: count.nullable() }),
  lastRecord: record.optional(),
  waiting: z.array(record),
  claims: z.array(z.string()).max(CLAIMS_MAX),
  convicted: z.boolean(),
});

export const formatState = (state: MonitorState): string =>
  JSON.stringify({ v: 1, ...state }, (_key, value: unknown) => (value instanceof Uint8Array ? toBase64Url(value) : value), 1);

/** Throws `monitor.malformed-state` (fatal). */
export function parseState(text: string): MonitorState {
  try {
    const { v: _, note, cosigned, lastRecord, ...rest } = schema.parse(JSON.parse(text));
    return { ...rest, note, cosigned, lastRecord };
  } catch {
    throw new BoopError('monitor.malformed-state', 'the stored state is not that of a monitor', { kind: 'fatal' });
  }
}
