import { type CommitteeFamily, type planSearch, type SearchPlan } from '@boop/mpc';
import { type PartyId, type Rng } from '@boop/shared';
import { type CommitteeService } from '../committees/committee-service.ts';
import { lanesFor } from '../committees/lanes.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type CertifiedStatement, type PeerAnswer } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Led, type SessionLead, type StartedRun } from './session-lead.ts';
import { signersAmong } from './signers.ts';

type PreparedParts = PeerAnswer<'token.prepare'>;

/** What a family of committees has been asked about one probe. */
export interface Search {
  /** Of the decision, Unix seconds. */
  readonly authTime: number;
  /** Nodes that shall prepare a token about the row that is found: at once, where they sit in a committee that names it. */
  readonly signers: readonly PartyId[];
  /** The first answer. */
  readonly identified: Promise<CertifiedStatement>;
  /** All answers, once the first has come: identifications, or confirmations of the row that it named. */
  readonly verdicts: (first: CertifiedStatement) => Promise<CertifiedStatement[]>;
  /** What a signer prepared with its answer; undefined where it was not asked to, or would not. */
  readonly preparedBy: (party: PartyId) => Promise<PreparedParts | undefined>;
}

/** Has a family of committees look for a probe, in the order that costs less time. */
export class FamilySearch {
  readonly #input: { peers: Peers; lead: SessionLead; committees: CommitteeService; gallery: Gallery; rng: Rng; threshold: number; plan: typeof planSearch; onSearch: (plan: SearchPlan) => void };

  constructor(input: { peers: Peers; lead: SessionLead; committees: CommitteeService; gallery: Gallery; rng: Rng; threshold: number; plan: typeof planSearch; onSearch: (plan: SearchPlan) => void }) {
    this.#input = input;
  }

  start(led: Led, family: CommitteeFamily, authTime: number): Search {
    const { peers, lead, threshold, onSearch } = this.#input;
    const plan = this.#planned(led, family);
    onSearch(plan);
    const committees = this.#rotated(family.committees);
    const [first, ...others] = committees as [PartyId[], ...PartyId[][]];
    const signers = signersAmong(led.opened, peers.self, threshold);
    const prepares = (committee: readonly PartyId[]) => ({ signers: signers.filter((party) => committees.find((each) => each.includes(party)) === committee), authTime });
    const together = plan.order === 'together';
    const runs = (together ? committees : [first]).map((committee) => lead.start(led, committee, 'identify', undefined, prepares(committee)));
    const certified = Promise.all(runs.map((run) => run.certified));
    certified.catch(() => undefined);
    const confirmations = async (basis: CertifiedStatement, row: number): Promise<CertifiedStatement[]> => await Promise.all(others.map((committee) => lead.run(led, committee, 'verify', { row, basis })));
    const identified = Promise.any(runs.map((run) => run.certified)).catch(async () => (await certified)[0]!);
    identified.catch(() => undefined);
    return {
      authTime,
      signers,
      identified,
      verdicts: async (basis) => (together ? await certified : [basis, ...(basis.statement.decision.kind === 'one' ? await confirmations(basis, basis.statement.decision.row) : [])]),
      preparedBy: async (party) => await preparedIn(runs, party),
    };
  }

  #planned({ session, opened }: Led, { committees }: CommitteeFamily): SearchPlan {
    const { peers, lead, gallery, plan } = this.#input;
    const comparisons = lanesFor(session.galleryRows * gallery.statistic.shifts.length);
    const stocked = committees.every((committee) => this.#input.committees.hasInStock({ committee, holders: lead.holdersOf(opened, committee) }, comparisons));
    return plan({ comparisons, committees: committees.length, roundTripMs: peers.roundTripMs(opened), stocked });
  }

  /**
   * Another committee of the family comes first every time, so that work and what a liar could see spread; one whose correlations this node accounts for itself, if there are any,
   * which saves a message on the way.
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

/** The first that a node prepared among its answers; a run that fails elsewhere has none. */
async function preparedIn(runs: readonly StartedRun[], party: PartyId): Promise<PreparedParts | undefined> {
  for (const { answers } of runs) {
    const answer = await answers.get(party)?.catch(() => undefined);
    if (answer?.prepared) return answer.prepared;
  }
  return undefined;
}
