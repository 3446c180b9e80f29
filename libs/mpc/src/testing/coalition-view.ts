import { createField, evaluatePolynomial, type Field } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { seededRng, seededUint32, type Tamper } from '@boop/testing';
import { type BackEndName, backEnds } from '../back-ends.ts';
import { sliceBytes } from '../boolean-engine.ts';
import { CommitteeKeys } from '../committee-keys.ts';
import { blockId } from '../online-block.ts';
import { type KeyStream } from '../prf.ts';
import { createReplication } from '../replication.ts';
import { decodeResidues } from '../wire.ts';
import { type BlockSettings, fillingPrf, runBlock } from './block-harness.ts';
import { id16, partyIds } from './committee-harness.ts';
import { type BitColumn } from './relations.ts';

/** One committee, one block; every lane compares the same two templates of one coordinate, shared afresh. */
export interface ViewedRun {
  readonly threshold: number;
  readonly p: number;
  readonly backEnd: BackEndName;
  /** A multiple of 128, at most 8192. */
  readonly lanes: number;
  readonly probe: number;
  readonly row: number;
  readonly seed: number;
}

interface Message {
  readonly round: number;
  readonly from: PartyId;
  readonly to: readonly PartyId[];
  readonly payload: Uint8Array;
}

/** All that happened in a run up to its decision, to be seen through the eyes of t of its members. */
export interface Recorded extends ViewedRun {
  readonly committee: readonly PartyId[];
  readonly messages: readonly Message[];
  /** Per member its shares of probe and row. */
  readonly shares: ReadonlyMap<PartyId, readonly [Uint16Array, Uint16Array]>;
  /** Fresh keys of a member: the same as in the run. */
  keysOf(party: PartyId): CommitteeKeys;
}

/** What a coalition gets from others, and what it has or sends itself, lane by lane. */
export interface View<Column> {
  readonly received: readonly Column[];
  readonly known: readonly Column[];
}

const RUN = 'viewed run';

export function recordRun(run: ViewedRun): Recorded {
  const { threshold, p, backEnd, lanes, seed } = run;
  const committee = partyIds(...Array.from({ length: 2 * threshold + 1 }, (_, i) => i + 1));
  const keysOf = keySource(committee, threshold, seed);
  const keys = new Map(committee.map((party) => [party, keysOf(party)]));
  const shares = shareTemplates(createField(p), committee, run);
  const products = new Map([...shares].map(([party, [probe, row]]) => [party, probe.map((value, lane) => (value * row[lane]!) % p)]));
  const settings: BlockSettings = { threshold, p, scoreMax: (p - 1) / 2, theta: 302, backEnd };
  const messages: Message[] = [];
  const tamper: Tamper = (from, to, payload) => {
    const [round, body] = [payload[0]! * 256 + payload[1]!, payload.slice(2)];
    const same = messages.findIndex((other) => other.round === round && other.from === from && equal(other.payload, body));
    if (same >= 0) messages[same] = { ...messages[same]!, to: [...messages[same]!.to, to] };
    else messages.push({ round, from, to: [to], payload: body });
    return payload;
  };
  const scores = new Array<number>(lanes).fill(run.probe * run.row);
  runBlock(keys, 'any', { runId: RUN, settings, block: { scores, probes: 1, shifts: 1, rows: lanes, firstRow: 0 }, products, tamper });
  return { ...run, committee, messages, shares, keysOf };
}

/** Messages over GF(2) as bits, and the masks whose keys a member of the coalition has; `masks` are many for t = 3. */
export function bitView(run: Recorded, coalition: readonly PartyId[], masks: boolean): View<BitColumn> {
  const opened = openingRound(run);
  const bytes = sliceBytes(run.lanes);
  const parts = { received: [] as BitColumn[], known: [] as BitColumn[] };
  for (const { round, from, to, payload } of run.messages) {
    const inside = coalition.includes(from);
    if (!inside && !to.some((party) => coalition.includes(party))) continue;
    const columns = round === opened ? bitsOf(unpackedResidues(run, payload), createField(run.p).bits) : slicesOf(payload, bytes);
    parts[inside ? 'known' : 'received'].push(...columns);
  }
  if (masks) parts.known.push(...maskBits(run, coalition, bytes));
  return parts;
}

/** The opening of c over F_p: symbols, the coalition's shares of both templates and all their products, its components of r and of zero. */
export function residueView(run: Recorded, coalition: readonly PartyId[]): View<Uint16Array> {
  const { p, threshold, lanes } = run;
  const symbols = run.messages.filter(({ round }) => round === openingRound(run));
  const ofCoalition = (from: PartyId): boolean => coalition.includes(from);
  const own = coalition.map((party) => run.shares.get(party)!);
  const products = own.flatMap(([probe]) => own.map(([, row]) => probe.map((value, lane) => (value * row[lane]!) % p)));
  const components = [...streamsOf(run, coalition, 'correlation/residues', BATCH).values()].flatMap((stream) => {
    const residues = residuesOf(stream, p, (threshold + 1) * lanes);
    return Array.from({ length: threshold + 1 }, (_, degree) => residues.slice(degree * lanes, (degree + 1) * lanes));
  });
  const shown = (inside: boolean): Uint16Array[] => symbols.filter(({ from }) => ofCoalition(from) === inside).map(({ payload }) => unpackedResidues(run, payload));
  return { received: shown(false), known: [...shown(true), ...own.flat(), ...products, ...components] };
}

const BATCH = blockId(id16(RUN), 1);
const COMPARISON = blockId(id16(RUN), 2);

const openingRound = ({ backEnd, p, threshold }: ViewedRun): number => backEnds[backEnd].offlineRounds(p, threshold, 'ripple');

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Members' keys, drawn for each component. */
function keySource(committee: readonly PartyId[], threshold: number, seed: number): (party: PartyId) => CommitteeKeys {
  const keyOf = (component: number): Uint8Array => seededRng(1000 * seed + component).bytes(32);
  return (party) => new CommitteeKeys(party, committee, threshold, createReplication(party, committee, threshold).held.map(keyOf));
}

/** Fresh polynomials of degree t through both templates in each lane: t shares and the template determine the others. */
function shareTemplates(field: Field, committee: readonly PartyId[], { threshold, lanes, probe, row, seed }: ViewedRun): Map<PartyId, readonly [Uint16Array, Uint16Array]> {
  const next = seededUint32(seed);
  const shares = new Map(committee.map((party) => [party, [new Uint16Array(lanes), new Uint16Array(lanes)] as const]));
  for (let lane = 0; lane < lanes; lane++) {
    [probe, row].forEach((value, which) => {
      const polynomial = [field.reduce(value), ...Array.from({ length: threshold }, () => next() % field.p)];
      for (const party of committee) shares.get(party)![which]![lane] = evaluatePolynomial(field, polynomial, party);
    });
  }
  return shares;
}

/** The streams of every component that a member of the coalition holds, by component. */
function streamsOf({ keysOf }: Recorded, coalition: readonly PartyId[], purpose: string, id: Uint8Array): Map<number, KeyStream> {
  return new Map(
    coalition.flatMap((party) => {
      const keys = keysOf(party);
      const streams = keys.streams(purpose, id, fillingPrf);
      return keys.replication.held.map((component, c): [number, KeyStream] => [component, streams[c]!]);
    }),
  );
}

/** Every slice that one of them draws as a mask: t or t + 1 per component and slice that a member sends. */
function maskBits(run: Recorded, coalition: readonly PartyId[], bytes: number): BitColumn[] {
  const opened = openingRound(run);
  const slicesSent = (of: readonly Message[]): number => Math.max(...run.committee.map((party) => of.filter(({ from }) => from === party).reduce((sum, { payload }) => sum + payload.length / bytes, 0)));
  const read = (purpose: string, id: Uint8Array, messages: readonly Message[]): BitColumn[] =>
    [...streamsOf(run, coalition, purpose, id).values()].flatMap((stream) => slicesOf(stream.bytes((run.threshold + 1) * slicesSent(messages) * bytes), bytes));
  return [
    ...read('correlation/bits', BATCH, run.messages.filter(({ round }) => round < opened)),
    ...read('comparison', COMPARISON, run.messages.filter(({ round }) => round > opened)),
  ];
}

function slicesOf(bytes: Uint8Array, sliceLength: number): BitColumn[] {
  return Array.from({ length: bytes.length / sliceLength }, (_, i) => new Uint32Array(bytes.slice(i * sliceLength, (i + 1) * sliceLength).buffer));
}

/** Little-endian 16-bit words cut to the bits of p − 1, those ≥ p dropped. */
function residuesOf(stream: KeyStream, p: number, count: number): Uint16Array {
  const out = new Uint16Array(count);
  const cut = p === 8191 ? 8191 : 65535;
  for (let i = 0; i < count; ) {
    const [low, high] = stream.bytes(2) as unknown as [number, number];
    const value = (low + 256 * high) & cut;
    if (value < p) out[i++] = value;
  }
  return out;
}

const unpackedResidues = ({ p, lanes, committee }: Recorded, payload: Uint8Array): Uint16Array => decodeResidues(createField(p), payload, lanes, committee[0]!);

function bitsOf(residues: Uint16Array, bits: number): BitColumn[] {
  return Array.from({ length: bits }, (_, k) => {
    const column = new Uint32Array(residues.length / 32);
    residues.forEach((value, lane) => (column[lane >> 5]! |= ((value >> k) & 1) << (lane & 31)));
    return column;
  });
}
