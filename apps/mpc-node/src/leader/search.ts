import { type CommitteeFamily, type planSearch, type SearchPlan } from '@boop/mpc';
import { type PartyId, type Rng } from '@boop/shared';
import { type CommitteeService } from '../committees/committee-service.ts';
import { lanesFor } from '../committees/lanes.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Led, type SessionLead } from './session-lead.ts';

/** What a family of committees has been asked about one probe. */
export interface Search {
  /** The first answer. */
  readonly identified: Promise<CertifiedStatement>;
  /** All answers, once the first has come: identifications, or confirmations of the row that it named. */
  readonly verdicts: (first: CertifiedStatement) => Promise<CertifiedStatement[]>;
}

/** Has a family of committees look for a probe, in the order that costs less time. */
export class FamilySearch {
  readonly #input: { peers: Peers; lead: SessionLead; committees: CommitteeService; gallery: Gallery; rng: Rng; plan: typeof planSearch; onSearch: (plan: SearchPlan) => void };

  constructor(input: { peers: Peers; lead: SessionLead; committees: CommitteeService; gallery: Gallery; rng: Rng; plan: typeof planSearch; onSearch: (plan: SearchPlan) => void }) {
    this.#input = input;
  }

  start(led: Led, family: CommitteeFamily): Search {
    const { lead, onSearch } = this.#input;
    const plan = this.#planned(led, family);
    onSearch(plan);
    const [first, ...others] = this.#rotated(family.committees) as [PartyId[], ...PartyId[][]];
    if (plan.order === 'in-turn') {
      const confirmations = async (basis: CertifiedStatement, row: number): Promise<CertifiedStatement[]> => await Promise.all(others.map((committee) => lead.run(led, committee, 'verify', { row, basis })));
      const verdicts: Search['verdicts'] = async (basis) => [basis, ...(basis.statement.decision.kind === 'one' ? await confirmations(basis, basis.statement.decision.row) : [])];
      return { identified: lead.run(led, first, 'identify'), verdicts };
    }
    const runs = [first, ...others].map((committee) => lead.run(led, committee, 'identify'));
    const all = Promise.all(runs);
    all.catch(() => undefined);
    return { identified: Promise.any(runs).catch(async () => (await all)[0]!), verdicts: async () => await all };
  }

  #planned({ session, opened }: Led, { committees }: CommitteeFamily): SearchPlan {
    const { peers, lead, gallery, plan } = this.#input;
    const comparisons = lanesFor(session.galleryRows * gallery.statistic.shifts.length);
    const stocked = committees.every((committee) => this.#input.committees.hasInStock({ committee, holders: lead.holdersOf(opened, committee) }, comparisons));
    return plan({ comparisons, committees: committees.length, roundTripMs: peers.roundTripMs(opened), stocked });
  }

  /**
   * Another committee of the family comes first every time, so that work and what a liar could see spread; one of those that this node arranges itself, if there are any,
   * which saves two messages on the way.
   */
  #rotated(committees: readonly PartyId[][]): PartyId[][] {
    const { peers, rng } = this.#input;
    const own = committees.filter(([lowest]) => lowest === peers.self);
    const able = own.length > 0 ? own : committees;
    const [a, b] = rng.bytes(2);
    const first = able[((a! << 8) | b!) % able.length]!;
    return [first, ...committees.filter((committee) => committee !== first)];
  }
}
