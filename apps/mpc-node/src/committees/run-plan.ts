import { type Opening, pairScoreShares } from '@boop/mpc';
import { BoopError } from '@boop/shared';
import { type Gallery } from '../gallery/gallery.ts';
import { byShift } from '../gallery/share-rows.ts';
import { type RegistrationRecord, type RunRequest } from '../link/peer-methods.ts';
import { enrolmentItems } from '../sessions/admission.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { checkBasis } from '../sessions/match-transcript.ts';
import { type Session } from '../sessions/session.ts';

/** What the statement of a run covers. */
export interface RunCoverage {
  readonly galleryRows: number;
  /** `verify` only. */
  readonly row?: number;
  readonly rowVersion?: number;
  /** Of a session that replaces a registration: which rows alone `recognise` compares, and `de-duplicate` leaves out. */
  readonly renews?: string;
}

/** What is compared and what opens. */
interface Comparison {
  /** Comparisons by all shifts; 0 when there is nothing to compare. */
  readonly rows: number;
  readonly opening: Opening;
  /** This node's score shares, products[shift·rows + row]; computed when called. */
  products(): Promise<Uint16Array>;
}

/** One run as a member would do it. */
export interface RunPlan extends RunCoverage, Comparison {}

/** @throws BoopError `gallery.unknown-row` */
export function coverageOf(session: Session, gallery: Gallery, { operation, row }: Pick<RunRequest, 'operation' | 'row'>): RunCoverage {
  if (operation === 'agree') return { galleryRows: 0 };
  const { galleryRows, renewed } = session;
  if (operation === 'verify') return { galleryRows, row: row!, rowVersion: gallery.row(row!).version };
  return renewed ? { galleryRows, renews: renewed.splitHash } : { galleryRows };
}

/**
 * Checks that a session calls for a run and says what it compares.
 * @throws BoopError `run.not-called-for`, `transcript.*`, `gallery.unknown-row`
 */
export function planRun(session: Session, gallery: Gallery, request: Pick<RunRequest, 'operation' | 'row' | 'basis'>, members: MemberVerifier): RunPlan {
  const { operation, row, basis } = request;
  if ((operation === 'verify') !== (row !== undefined) || (basis !== undefined && operation !== 'verify')) throw notCalledFor();
  const kind = operation === 'identify' || operation === 'verify' ? 'authentication' : 'registration';
  if (session.context.kind !== kind) throw notCalledFor();
  const { galleryRows } = session;
  switch (operation) {
    case 'identify':
      return { rows: galleryRows, opening: 'identify', ...coverageOf(session, gallery, request), products: async () => await session.searchProducts(async () => await gallery.shares.products(session.share(0), 0, galleryRows)) };
    case 'verify': {
      checkBasis(session.view, basis, row!, members);
      if (row! >= galleryRows) throw notCalledFor();
      return { rows: 1, opening: 'any', ...coverageOf(session, gallery, request), products: async () => await gallery.shares.products(session.share(0), row!, row! + 1) };
    }
    case 'agree':
      return { ...agreementPlan(session, gallery), ...coverageOf(session, gallery, request) };
    case 'recognise':
      return { ...recognitionPlan(session, gallery), ...coverageOf(session, gallery, request) };
    case 'de-duplicate':
      return { ...searchPlan(session, gallery), ...coverageOf(session, gallery, request) };
  }
}

/** All pairs among reference and samples of each position: together one bit. */
function agreementPlan(session: Session, gallery: Gallery): Comparison {
  const pairs = enrolmentItems(session.registration, session.header.items).flatMap(({ reference, samples }) => pairsOf([reference, ...samples]));
  return { rows: pairs.length, opening: 'all', products: async () => pairProducts(session, gallery, pairs) };
}

/** Each reference against the row of its palm in the registration that is to be replaced: together one bit. */
function recognitionPlan(session: Session, gallery: Gallery): Comparison {
  const renewed = renewedOf(session);
  if (!renewed) throw notCalledFor();
  const pairs = enrolmentItems(session.registration, session.header.items).map(({ position, reference }) => ({ reference, row: renewed.firstSlot + renewed.positions.indexOf(position) }));
  const products = async (): Promise<Uint16Array> => joinByShift(await Promise.all(pairs.map(async ({ reference, row }) => await gallery.shares.products(session.share(reference), row, row + 1))), gallery);
  return { rows: pairs.length, opening: 'all', products };
}

/** Every reference against every row but those that are to be replaced, and against the other references: nobody enrols one palm as two. */
function searchPlan(session: Session, gallery: Gallery): Comparison {
  const references = enrolmentItems(session.registration, session.header.items).map(({ reference }) => reference);
  const pairs = pairsOf(references);
  const ranges = rangesSearched(session);
  const products = async (): Promise<Uint16Array> => {
    const parts = await Promise.all(references.flatMap((at) => ranges.map(async ({ from, to }) => await gallery.shares.products(session.share(at), from, to))));
    return joinByShift([...parts, pairProducts(session, gallery, pairs)], gallery);
  };
  return { rows: references.length * ranges.reduce((sum, { from, to }) => sum + to - from, 0) + pairs.length, opening: 'any', products };
}

function rangesSearched(session: Session): { from: number; to: number }[] {
  const { galleryRows } = session;
  const renewed = renewedOf(session);
  const ranges = renewed ? [{ from: 0, to: renewed.firstSlot }, { from: renewed.firstSlot + renewed.positions.length, to: galleryRows }] : [{ from: 0, to: galleryRows }];
  return ranges.filter(({ from, to }) => from < to);
}

/** What is to be replaced, among the rows that the session compares with. */
function renewedOf({ renewed, galleryRows }: Session): RegistrationRecord | undefined {
  if (renewed && renewed.firstSlot >= galleryRows) throw notCalledFor();
  return renewed;
}

/** Products of several comparisons as those of one; the parts are wiped. */
function joinByShift(parts: readonly Uint16Array[], { statistic: { shifts } }: Gallery): Uint16Array {
  const joined = new Uint16Array(parts.reduce((size, part) => size + part.length, 0));
  for (let shift = 0, at = 0; shift < shifts.length; shift++) {
    for (const part of parts) {
      const rows = part.length / shifts.length;
      joined.set(part.subarray(shift * rows, (shift + 1) * rows), at);
      at += rows;
    }
  }
  for (const part of parts) part.fill(0);
  return joined;
}

function pairProducts(session: Session, gallery: Gallery, pairs: readonly (readonly [number, number])[]): Uint16Array {
  const shares = pairs.map(([probe, reference]) => ({ probe: session.share(probe), reference: session.share(reference) }));
  return byShift(pairScoreShares(gallery.kernel, shares, gallery.statistic), gallery.statistic.shifts.length);
}

const pairsOf = (items: readonly number[]): [number, number][] => items.flatMap((a, i) => items.slice(i + 1).map((b): [number, number] => [a, b]));

const notCalledFor = (): BoopError => new BoopError('run.not-called-for', 'the session does not call for this run', { kind: 'peer' });
