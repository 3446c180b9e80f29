import { parseShare } from '@boop/mpc';
import { cutShares, type HpkeKeyPair, openShare } from '@boop/protocol';
import { BoopError, type Clock, type PartyId } from '@boop/shared';
import { type Activity } from '../committees/activity.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type Registrar } from '../gallery/registrar.ts';
import { type CertifiedStatement, type PeerBody } from '../link/peer-methods.ts';
import { type Network, statisticOf } from '../network.ts';
import { type SplitStore } from '../store/ports.ts';
import { admit } from './admission.ts';
import { type Budgets, sourceOf, splitReplayed } from './budgets.ts';
import { type MemberVerifier } from './certified.ts';
import { requireClaimedSubject } from './claimed-subject.ts';
import { checkMatch } from './match-transcript.ts';
import { Session } from './session.ts';
import { type SessionStore } from './session-store.ts';

/** A split is remembered so much longer than its context lives, milliseconds. */
const rememberedAfterMs = 10 * 60_000;

/** Opens sessions: every node checks everything itself, whoever leads. */
export class SessionService {
  /** Openings under way. */
  readonly #opening = new Map<string, Promise<Session>>();
  readonly #input: { network: Network; sessions: SessionStore; splits: SplitStore; budgets: Budgets; gallery: Gallery; registrar: Pick<Registrar, 'renewable'>; members: MemberVerifier; hpke: HpkeKeyPair; clock: Clock; activity: Activity };

  constructor(input: { network: Network; sessions: SessionStore; splits: SplitStore; budgets: Budgets; gallery: Gallery; registrar: Pick<Registrar, 'renewable'>; members: MemberVerifier; hpke: HpkeKeyPair; clock: Clock; activity: Activity }) {
    this.#input = input;
  }

  /**
   * Checks, opens and remembers one split; after that the split is spent, whatever becomes of the session.
   * @throws BoopError `context.*`, `split.*`, `share.*`, `template.*`, `consent.*`, `registration.incomplete`, `registration.nothing-to-renew`; `gallery.behind` (unavailable)
   *   when rows are missing here, `gallery.diverged`; `request.rate-limited`
   */
  async open(leader: PartyId, body: PeerBody<'session.open'>): Promise<Session> {
    const { network, clock, activity } = this.#input;
    activity.touch();
    const admission = admit(network, body, clock.nowMs());
    const name = openingOf(leader, admission.splitHash);
    const opening = this.#open(leader, body, admission).finally(() => {
      if (this.#opening.get(name) === opening) this.#opening.delete(name);
    });
    this.#opening.set(name, opening);
    return await opening;
  }

  async #open(leader: PartyId, { context, consent, split, head }: PeerBody<'session.open'>, admission: ReturnType<typeof admit>): Promise<Session> {
    const { network, sessions, splits, budgets, gallery, registrar, hpke, clock } = this.#input;
    const statistic = statisticOf(split.header.encoder);
    const plaintext = await openShare(split, hpke.privateKey);
    const shares = parseShares(plaintext, split.header.items.length, statistic);
    plaintext.fill(0);
    const { sessionId, splitHash, theta } = admission;
    const expiresAtMs = context.expiresAt * 1000 + rememberedAfterMs;
    const session = new Session({
      context,
      consent,
      deviceKey: split.deviceKey,
      header: split.header,
      view: {
        networkId: network.networkId,
        epoch: network.epoch,
        nodes: network.nodes,
        threshold: network.threshold,
        sessionId,
        splitHash,
        operatingPoint: context.kind === 'authentication' ? context.policy.operatingPoint : context.operatingPoint,
        theta,
      },
      leader,
      head,
      lacksRows: head.rows < gallery.rows,
      shares,
      openedAtMs: clock.nowMs(),
    });
    try {
      if (context.kind === 'authentication') await budgets.begin(sourceOf(context, split.deviceKey), { splitHash, expiresAtMs });
      else if (!(await splits.remember(splitHash, expiresAtMs))) throw splitReplayed();
      const comparison = gallery.compare(head);
      if (comparison === 'behind') throw new BoopError('gallery.behind', 'rows are missing here', { kind: 'unavailable' });
      if (comparison === 'diverged') throw new BoopError('gallery.diverged', 'the galleries of two nodes differ', { kind: 'peer' });
      const renews = consent?.record.renews;
      if (renews !== undefined) session.renewed = registrar.renewable(renews, { accountKey: consent!.record.accountKey, positions: session.registration.positions });
      sessions.add(session);
    } catch (error) {
      session.end();
      throw error;
    }
    return session;
  }

  /**
   * Counts an attempt as accepted, on proof that it was: statements as for a token.
   * @throws BoopError `transcript.*`, `decision.subject`
   */
  async noteAccepted(session: Session, verdicts: readonly CertifiedStatement[]): Promise<void> {
    const { gallery, members, budgets } = this.#input;
    if (session.rejected) throw new BoopError('decision.other-decision', 'this session was refused', { kind: 'peer' });
    const { row } = checkMatch(session.view, verdicts, gallery, members, session.splitPassed);
    requireClaimedSubject(session, row);
    if (session.counted) return;
    session.counted = true;
    await budgets.accepted(sourceOf(session.authentication, session.deviceKey), gallery.row(row).subjectId);
  }

  /** As {@link ledBy}, for a request that its leader sends right after the one to open the session: waits until that is done. */
  async openedBy(leader: PartyId, splitHash: string): Promise<Session> {
    await this.#opening.get(openingOf(leader, splitHash))?.catch(() => undefined);
    return this.ledBy(leader, splitHash);
  }

  /** The session that this leader leads. @throws BoopError `session.unknown`, `session.not-led` */
  ledBy(leader: PartyId, splitHash: string): Session {
    this.#input.activity.touch();
    const session = this.#input.sessions.get(splitHash);
    if (session.leader !== leader) throw new BoopError('session.not-led', 'another node leads this session', { kind: 'peer' });
    return session;
  }
}

const openingOf = (leader: PartyId, splitHash: string): string => `${leader} ${splitHash}`;

function parseShares(plaintext: Uint8Array, items: number, statistic: Parameters<typeof parseShare>[1]): Int16Array[] {
  const parts = cutShares(plaintext, items, statistic.coordinates * 2);
  try {
    return parts.map((part) => parseShare(part, statistic));
  } finally {
    for (const part of parts) part.fill(0);
  }
}
