import { type Opening, pairScoreShares } from '@boop/mpc';
import { BoopError } from '@boop/shared';
import { type Gallery } from '../gallery/gallery.ts';
import { byShift } from '../gallery/share-rows.ts';
import { type RunRequest } from '../link/peer-methods.ts';
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
}

/** One run as a member would do it: what is compared and what opens. */
export interface RunPlan extends RunCoverage {
  /** Comparisons by all shifts; 0 when there is nothing to compare. */
  readonly rows: number;
  readonly opening: Opening;
  /** This node's score shares, products[shift·rows + row]; computed when called. */
  products(): Promise<Uint16Array>;
}

/** @throws BoopError `gallery.unknown-row` */
export function coverageOf(session: Session, gallery: Gallery, { operation, row }: Pick<RunRequest, 'operation' | 'row'>): RunCoverage {
  if (operation === 'agree') return { galleryRows: 0 };
  const { galleryRows } = session;
  return operation === 'verify' ? { galleryRows, row: row!, rowVersion: gallery.row(row!).version } : { galleryRows };
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
      return agreementPlan(session, gallery);
    case 'de-duplicate':
      return searchPlan(session, gallery);
  }
}

/** All pairs among reference and samples of each position: together one bit. */
function agreementPlan(session: Session, gallery: Gallery): RunPlan {
  const pairs = enrolmentItems(session.registration, session.header.items).flatMap(({ reference, samples }) => pairsOf([reference, ...samples]));
  return { rows: pairs.length, opening: 'all', galleryRows: 0, products: async () => pairProducts(session, gallery, pairs) };
}

/** Every reference against every row, and against the other references: nobody enrols one palm as two. */
function searchPlan(session: Session, gallery: Gallery): RunPlan {
  const { galleryRows } = session;
  const references = enrolmentItems(session.registration, session.header.items).map(({ reference }) => reference);
  const pairs = pairsOf(references);
  const shifts = gallery.statistic.shifts.length;
  const products = async (): Promise<Uint16Array> => {
    const parts = await Promise.all(references.map(async (at) => await gallery.shares.products(session.share(at), 0, galleryRows)));
    const all = [...parts, pairProducts(session, gallery, pairs)];
    const joined = new Uint16Array(all.reduce((size, part) => size + part.length, 0));
    for (let shift = 0, at = 0; shift < shifts; shift++) {
      for (const part of all) {
        const rows = part.length / shifts;
        joined.set(part.subarray(shift * rows, (shift + 1) * rows), at);
        at += rows;
      }
    }
    for (const part of all) part.fill(0);
    return joined;
  };
  return { rows: references.length * galleryRows + pairs.length, opening: 'any', galleryRows, products };
}

function pairProducts(session: Session, gallery: Gallery, pairs: readonly (readonly [number, number])[]): Uint16Array {
  const shares = pairs.map(([probe, reference]) => ({ probe: session.share(probe), reference: session.share(reference) }));
  return byShift(pairScoreShares(gallery.kernel, shares, gallery.statistic), gallery.statistic.shifts.length);
}

const pairsOf = (items: readonly number[]): [number, number][] => items.flatMap((a, i) => items.slice(i + 1).map((b): [number, number] => [a, b]));

const notCalledFor = (): BoopError => new BoopError('run.not-called-for', 'the session does not call for this run', { kind: 'peer' });
