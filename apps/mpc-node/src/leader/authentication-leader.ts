import { sessionIdOf } from '@boop/identity';
import { committeeFamily } from '@boop/mpc';
import { type Logger } from '@boop/platform';
import { type MatchStatement, type nodeMethods } from '@boop/protocol';
import { type Clock, type PartyId } from '@boop/shared';
import { type z } from 'zod';
import { type SplitCheckService } from '../committees/split-check-service.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type GallerySync } from '../gallery/sync.ts';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type AttributeRelease } from '../release/assemble-release.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { type Session } from '../sessions/session.ts';
import { authenticationEntry } from '../signing/token-message.ts';
import { agreedMissing } from './agreed-missing.ts';
import { type Attempt } from './attempts.ts';
import { type Hold, HeldSessions, type MatchAnswer, type SignAnswer } from './held-sessions.ts';
import { type Investigator } from './investigation.ts';
import { logFailure, outward, within } from './outward.ts';
import { type Rescan } from './rescan.ts';
import { type FamilySearch, type Search } from './search.ts';
import { type Led, nodesUnavailable, type SessionLead } from './session-lead.ts';
import { type SubjectLead } from './subject-lead.ts';
import { Stages } from './stages.ts';
import { type TokenAssembly, validReceipts } from './token-assembly.ts';

type Method = (typeof nodeMethods)['authentication.run'];
export type AuthenticationRequest = z.infer<Method['body']>;
export type AuthenticationAnswer = z.infer<Method['answer']>;

/** What was begun with those that were asked to open a session, before they had answered. */
interface Early {
  readonly asked: readonly PartyId[];
  readonly attempts: Attempt[];
  /** Of the split; as of {@link SplitCheckService.lead}. */
  readonly passed: Promise<boolean>;
  /** Rejects as the check does before it was asked for. */
  readonly search: Promise<Search>;
  /** What it has not asked for yet it never will: another search is about to take its place, and no later request may take that one's. */
  abandon(): void;
}

const sessionTimeoutMs = 10_000;
const rejectTimeoutMs = 3_000;

/** Leads authentications: all check the split, a family of committees finds the person, 2t+1 nodes sign. */
export class AuthenticationLeader {
  readonly #held: HeldSessions;
  readonly #input: { network: Network; peers: Peers; lead: SessionLead; search: FamilySearch; gallery: Gallery; sync: GallerySync; isSuspended: (row: number) => boolean; splitChecks: SplitCheckService; subjects: SubjectLead; tokens: TokenAssembly; release: AttributeRelease; investigator: Investigator; rescan: Rescan; members: MemberVerifier; clock: Clock; log: Logger; patience: number };

  constructor(input: { network: Network; peers: Peers; lead: SessionLead; search: FamilySearch; gallery: Gallery; sync: GallerySync; isSuspended: (row: number) => boolean; splitChecks: SplitCheckService; subjects: SubjectLead; tokens: TokenAssembly; release: AttributeRelease; investigator: Investigator; rescan: Rescan; members: MemberVerifier; clock: Clock; log: Logger; patience: number }) {
    this.#input = input;
    this.#held = new HeldSessions(input.patience);
  }

  /** @throws BoopError with a documented code only */
  async run(request: AuthenticationRequest): Promise<AuthenticationAnswer> {
    return await this.#lead(request, undefined);
  }

  /**
   * As {@link run}, but stops before the nodes sign and answers for whom they would; {@link sign} goes on. A session that is held too long ends.
   * @throws BoopError with a documented code only
   */
  async match(request: AuthenticationRequest): Promise<MatchAnswer> {
    const session = sessionIdOf(request.context);
    return await this.#held.open(session, (approve) => this.#lead(request, approve));
  }

  /** Whether a session is held here. */
  holds(session: string): boolean {
    return this.#held.has(session);
  }

  /** @throws BoopError `mpc.aborted` when nothing is held under that session, or what {@link run} throws */
  async sign({ session, sign }: { session: string; sign: boolean }): Promise<SignAnswer> {
    return await this.#held.conclude(session, sign);
  }

  async #lead(request: AuthenticationRequest, hold: Hold | undefined): Promise<AuthenticationAnswer> {
    const { lead, network, log, patience } = this.#input;
    const stages = new Stages();
    let led: Led | undefined;
    let early: Early | undefined;
    const begin = (session: Session, asked: readonly PartyId[]): void => void (early = this.#begin(session, asked));
    try {
      led = await stages.time('open', () => lead.open(request.context, request.split, undefined, network.committeeSize, begin));
      // Whoever has checked the split with this node has opened it, even if it has not said so yet. Without that nothing has been compared: no share leaves a node before the check.
      const isComplete = early?.asked.join() === led.opened.join() || led.session.splitPassed;
      if (early && isComplete) led = { ...led, opened: early.asked, attempts: early.attempts };
      else {
        early?.abandon();
        early = undefined;
      }
      const answer = await within(patience * sessionTimeoutMs, this.#decide(led, early, stages, hold));
      log.info('authentication decided', { session: led.session.splitHash, reason: answer.reason, verified: answer.verified, durationMs: answer.stages['total'] });
      return answer;
    } catch (error) {
      logFailure(log, 'authentication', led?.session.splitHash, error);
      throw outward(error);
    } finally {
      if (led) this.#conclude(led);
    }
  }

  /** Ends the session, at once unless its search is repeated or somebody lied in it; nobody waits for what is found out then. */
  #conclude(led: Led): void {
    const { lead, investigator, rescan } = this.#input;
    const rescanned = rescan.isDue(led) ? rescan.run(led) : undefined;
    if (!rescanned && !investigator.isCalledFor(led)) return lead.end(led);
    void (rescanned ?? Promise.resolve()).then(() => (investigator.isCalledFor(led) ? investigator.investigate(led, candidateOf(led)) : undefined)).finally(() => lead.end(led));
  }

  /**
   * Has the split checked, and the search begun, among those that are still opening the session: what is sent to them waits there until they have. If all of them do it costs no
   * message more between nodes.
   */
  #begin(session: Session, asked: readonly PartyId[]): Early | undefined {
    const { network, splitChecks } = this.#input;
    if (asked.length < network.verifiableSize) return undefined;
    const attempts: Attempt[] = [];
    const abandoned = new AbortController();
    let onAsked = (): void => undefined;
    const search = new Promise<void>((resolve) => (onAsked = resolve)).then(() => this.#search({ session, opened: asked, ahead: [], attempts }));
    const passed = splitChecks.lead(session, asked, { onAsked, signal: abandoned.signal });
    const begun = Promise.race([search, passed.then(async () => await search)]);
    for (const promise of [passed, begun]) promise.catch(() => undefined);
    return { asked, attempts, passed, search: begun, abandon: () => abandoned.abort() };
  }

  #search(led: Led): Search {
    const { network, search, clock } = this.#input;
    return search.start(led, committeeFamily(led.opened, network.nodes, network.threshold), Math.floor(clock.nowMs() / 1000));
  }

  async #decide(led: Led, early: Early | undefined, stages: Stages, hold: Hold | undefined): Promise<AuthenticationAnswer> {
    const { network, splitChecks, subjects, isSuspended, tokens, release } = this.#input;
    const check = early?.passed ?? splitChecks.lead(led.session, led.opened);
    check.catch(() => undefined);
    const search = early?.search;
    search?.catch(() => undefined);
    // The others say at the end what they have found; what is compared meanwhile this node has seen pass itself.
    await stages.time('check', () => Promise.race([check, led.session.splitChecked()]));
    if (!led.session.splitPassed) await check;
    const family = committeeFamily(led.opened, network.nodes, network.threshold);
    const asked = (await search) ?? this.#search(led);
    const { authTime } = asked;
    const named = await stages.time('identify', () => asked.identified);
    const checked = await stages.time('check', () => check);
    const { decision } = named.statement;
    if (decision.kind !== 'one') {
      const verdicts = await stages.time('verify', () => asked.verdicts(named));
      await this.#demandRows(led);
      return await this.#reject(led, verdicts, 'no-match', stages);
    }
    const { row } = decision;
    // What does not depend on the confirmations does not wait for them.
    const preparation = tokens.prepare(led, named, asked);
    const claims = led.session.authentication.subject === undefined ? undefined : subjects.isClaimed(led, named, row);
    claims?.catch(() => undefined);
    const verdicts = await stages.time('verify', () => asked.verdicts(named));
    // Honest committees agree: where two differ a node lied, nothing is accepted, and nobody outside is told the difference.
    if (!verdicts.every(({ statement }) => affirms(statement, row))) return await this.#reject(led, verdicts, 'no-match', stages);
    // Before anything else that is known of the person: outside, somebody else's palm is like nobody's.
    const isOther = claims && !(await stages.time('subject', () => claims));
    if (isOther) return await this.#reject(led, verdicts, 'no-match', stages, 'subject');
    const verified = checked && family.verified;
    // Outside, whoever is suspended is like nobody.
    if (isSuspended(row)) return await this.#reject(led, verdicts, 'no-match', stages, 'suspended');
    if (!verified && !led.session.authentication.policy.acceptUnverified) return await this.#reject(led, verdicts, 'unverified', stages);
    const lacking = release.sessions.refusalOf(led.session, row);
    if (lacking) return await this.#reject(led, verdicts, lacking.reason, stages);
    const accepted = { verdicts, row, verified, authTime };
    const { idToken, entry, receipts } = await stages.time('sign', () => tokens.assemble(led, accepted, preparation, hold && ((sub) => hold({ sub, verified }))));
    led.accepted = verdicts;
    const released = led.session.authentication.attributes && (await stages.time('release', () => release.leader.collect(led, accepted)));
    return { accepted: true, reason: 'ok', verified, idToken, entry, receipts: [...receipts], ...(released && { released }), stages: stages.summary() };
  }

  /**
   * Nobody is turned away by a search that left out a registration which stands: its person has been told so, but the commit has yet to get here. Up to t nodes may
   * claim rows that nobody has.
   * @throws BoopError `mpc.nodes-unavailable`
   */
  async #demandRows({ session, ahead }: Led): Promise<void> {
    const { network, gallery, sync } = this.#input;
    if (ahead.length === 0) return;
    await sync.settle();
    if (gallery.rows > session.galleryRows || ahead.length > network.threshold) throw nodesUnavailable();
  }

  async #reject({ session, opened }: Led, verdicts: CertifiedStatement[], reason: Exclude<AuthenticationAnswer['reason'], 'ok'>, stages: Stages, ground?: 'subject' | 'suspended'): Promise<AuthenticationAnswer> {
    const { peers, network, clock, members } = this.#input;
    const authTime = Math.floor(clock.nowMs() / 1000);
    const { splitHash } = session;
    const decided = ground ?? (reason === 'no-match' || reason === 'unverified' ? undefined : ('attributes' as const));
    const because = decided && { because: decided };
    const asked = [...opened.filter((party) => party === peers.self), ...opened.filter((party) => party !== peers.self)].slice(0, network.committeeSize);
    const results = await stages.time('sign', () => Promise.allSettled(asked.map((party) => peers.request(party, 'decision.reject', { splitHash, verdicts, authTime, ...because }, rejectTimeoutMs))));
    const answers = results.flatMap((result, at) => (result.status === 'fulfilled' ? [[asked[at]!, result.value] as const] : []));
    const entry = authenticationEntry(session.view, authTime);
    const receipts = validReceipts(members, network.threshold, entry, answers);
    const missing = reason === 'user-missing-attributes' ? agreedMissing(members, network.threshold, session.view, answers) : undefined;
    return { accepted: false, reason, verified: false, ...(missing && { missing }), entry, receipts, stages: stages.summary() };
  }
}

const affirms = ({ decision }: MatchStatement, row: number): boolean => (decision.kind === 'one' ? decision.row === row : decision.kind === 'bit' && decision.bit);

/** Row that a committee of this session found, with its statement. */
function candidateOf({ attempts }: Led): { row: number; basis: CertifiedStatement } | undefined {
  for (const { result } of attempts) {
    if ('certified' in result && result.certified.statement.decision.kind === 'one') return { row: result.certified.statement.decision.row, basis: result.certified };
  }
  return undefined;
}
