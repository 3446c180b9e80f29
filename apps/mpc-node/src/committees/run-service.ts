import { createHash } from 'node:crypto';
import { freeing, opensslCtr } from '@boop/engine';
import { compareProtocol, contributeProtocol, type Decision } from '@boop/mpc';
import { type MatchStatement } from '@boop/protocol';
import { BoopError, canonicalJson, freeMemory, isBoopError, type PartyId, type ProtocolMachine, type Rng, roundMachine, toBase64Url } from '@boop/shared';
import { RunAborted, RunUnfinished } from '@boop/platform';
import { type Gallery } from '../gallery/gallery.ts';
import { type LaneRange, type PeerAnswer, type RunLanes, type RunRequest } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { decidedBytes, type RunTranscript, transcriptBytes } from '../link/run-transcripts.ts';
import { type Network } from '../network.ts';
import { areHolders, isCommittee, type MemberVerifier } from '../sessions/certified.ts';
import { type DecisionClaim, type Session } from '../sessions/session.ts';
import { type Activity } from './activity.ts';
import { type CommitteeService } from './committee-service.ts';
import { isWide, type RunScope } from './committee-state.ts';
import { laneKernel } from './lane-kernel.ts';
import { type LaneNotice, LaneNotices } from './lane-notices.ts';
import { cutRanges } from './lanes.ts';
import { type ProtocolRunner } from './protocol-runner.ts';
import { RecordedMachine } from './recorded-machine.ts';
import { blockWidths, checkForm, type ChosenForm, chooseForm } from './run-form.ts';
import { planRun, type RunCoverage, type RunPlan } from './run-plan.ts';
import { runSubject } from './run-subject.ts';

export const runTimeoutMs = 5_000;
/** Lanes that are not in stock are made first. */
const lanesTimeoutMs = runTimeoutMs + 2_000;

type Outcome = NonNullable<PeerAnswer<'run.take'>['outcome']>;
type RunForm = Pick<LaneNotice, 'backEnd' | 'blockRows' | 'lanes' | 'settle'>;

export interface RunServiceInput {
  readonly network: Network;
  readonly peers: Peers;
  readonly runner: ProtocolRunner;
  readonly committees: CommitteeService;
  readonly gallery: Gallery;
  readonly members: MemberVerifier;
  readonly activity: Activity;
  readonly lanesPerBlock?: number | undefined;
  readonly rng: Rng;
  /** How many times as long as usual a run may wait for its lanes. */
  readonly patience: number;
  readonly signIdentity: (bytes: Uint8Array) => Uint8Array;
  readonly onRun: (operation: string, durationMs: number) => void;
  /** As the lowest party of a committee: how a run is compared, and why so. */
  readonly onForm: (form: ChosenForm) => void;
}

/**
 * Comparison runs of a session. Its leader asks all holders of a run to take part; the lowest party of the committee, which keeps the account of its correlations, tells the
 * others which lanes it takes. Holders outside the committee hand in shares, over which the masked scores are checked.
 */
export class RunService {
  readonly #input: RunServiceInput;
  readonly #notices = new LaneNotices();

  constructor(input: RunServiceInput) {
    this.#input = input;
  }

  /** Takes part in one run, once its split has been checked, if it is being checked. @returns the outcome at a member of its committee; nothing at another holder, which learns none */
  async take(session: Session, request: RunRequest): Promise<Outcome | undefined> {
    const { network, gallery, members } = this.#input;
    const scope = this.#scope(request);
    const { committee } = scope;
    const plan = planRun(session, gallery, request, members);
    const isMember = committee.includes(network.self);
    const claim = session.claim(isMember ? request.operation : `contribute ${request.operation}`, committee, request.row);
    if (plan.rows === 0) {
      await this.#whenWellFormed(session);
      claim.use();
      return isMember ? this.#outcome(session, request, plan, this.#settle(session, request, nothingToCompare(plan))) : undefined;
    }
    const form = await this.#form(session, request, plan, claim);
    try {
      await this.#whenWellFormed(session);
      const run = { session, request, scope, plan, form, claim };
      if (!isMember) return void (await this.#contribute(run));
      return this.#outcome(session, request, plan, await this.#compare(run));
    } catch (error) {
      form.settle(error);
      throw error;
    }
  }

  /** What the lowest party of a committee says of a run. @throws BoopError of the run, where it did not get as far as to its lanes */
  async noteLanes(from: PartyId, lanes: RunLanes): Promise<void> {
    await this.#notices.deliver(from, lanes);
  }

  /** What this node sent and received in a run of the session, signed. @throws BoopError `run.unknown` */
  transcriptOf(session: Session, runId: string): PeerAnswer<'run.transcript'> {
    const transcript = session.transcripts.get(runId);
    if (!transcript) throw new BoopError('run.unknown', 'this node took no part in such a run', { kind: 'peer' });
    return { transcript, signature: toBase64Url(this.#input.signIdentity(transcriptBytes(transcript))) };
  }

  /** Nothing is compared while its split is being checked, or after it failed. @throws BoopError `split.invalid-form` */
  async #whenWellFormed(session: Session): Promise<void> {
    await session.splitChecked();
    session.requireWellFormed();
  }

  #outcome(session: Session, request: RunRequest, plan: RunPlan, decision: Decision): Outcome {
    const statement = statementOf(session, request, plan, decision, this.#input.gallery);
    const transcript = transcriptDigest(session.transcripts.get(statement.runId)!);
    return { decision, transcript, signature: toBase64Url(this.#input.signIdentity(decidedBytes(statement, transcript))) };
  }

  async #contribute({ session, request, scope, plan, form, claim }: Run): Promise<void> {
    const { committees, onRun } = this.#input;
    const startedAt = performance.now();
    const slices = committees.takeMasks(scope, this.#lanes(plan, form));
    form.settle();
    let products: Uint16Array | undefined;
    try {
      products = await plan.products();
      const input = { ...this.#common(request, form, scope, plan), products, correlations: slices, wide: this.#wide(session, request, scope) };
      await this.#record(session, request, scope, claim, freeing(roundMachine(() => contributeProtocol(input))), () => ({ kind: 'contributed' }));
    } finally {
      forget(products);
      for (const slice of slices) slice.wipe();
    }
    onRun('contribute', performance.now() - startedAt);
  }

  async #compare({ session, request, scope, plan, form, claim }: Run): Promise<Decision> {
    const { committees, gallery, onRun } = this.#input;
    const startedAt = performance.now();
    const { keys, slices } = committees.take(scope, this.#lanes(plan, form));
    form.settle();
    let products: Uint16Array | undefined;
    try {
      products = await plan.products();
      const input = {
        ...this.#common(request, form, scope, plan),
        keys,
        scoreMax: gallery.statistic.scoreMax,
        theta: session.view.theta,
        products,
        correlations: slices,
        opening: plan.opening,
        prf: opensslCtr,
        laneKernel,
        ...(isWide(scope) ? { wide: this.#wide(session, request, scope) } : {}),
      };
      const decision = await this.#record(session, request, scope, claim, freeing(roundMachine(() => compareProtocol(input))), (decided) => ({ kind: 'decided', decision: decided }));
      onRun(request.operation, performance.now() - startedAt);
      return decision;
    } finally {
      forget(products);
      for (const slice of slices) slice.wipe();
    }
  }

  #common({ runId }: RunRequest, { backEnd, blockRows }: RunForm, { committee }: RunScope, plan: RunPlan) {
    const { network, gallery } = this.#input;
    const { p, shifts } = gallery.statistic;
    return { self: network.self, committee, threshold: network.threshold, runId, p, rows: plan.rows, shifts: shifts.length, productOrder: 'shifts' as const, backEnd, blockRows };
  }

  #wide(session: Session, request: RunRequest, { holders }: RunScope) {
    return { holders, subject: runSubject(session, request, this.#input.gallery.statistic) };
  }

  /** Runs a machine and keeps the hashes of what it sent and received, however it ends. */
  async #record<Output>(session: Session, { runId }: RunRequest, scope: RunScope, claim: DecisionClaim, machine: ProtocolMachine<Output>, outcomeOf: (output: Output) => RunTranscript['outcome']): Promise<Output> {
    const { runner, activity, rng } = this.#input;
    // Wider holders first compare what they believe to be running, which says nothing of the shares.
    const recorded = new RecordedMachine(machine, rng, (first) => (first && isWide(scope) ? undefined : claim.use()));
    const keep = (outcome: RunTranscript['outcome']): void => this.#keep(session, runId, scope, recorded.links(), outcome);
    claim.withdrawn.throwIfAborted();
    claim.withdrawn.addEventListener('abort', () => runner.cancel(runId, claim.withdrawn.reason as BoopError));
    try {
      const output = await activity.during(() => runner.runMachine(runId, scope.holders, recorded, runTimeoutMs));
      keep(outcomeOf(output));
      return output;
    } catch (error) {
      if (error instanceof RunAborted) keep({ kind: 'aborted', code: error.reason, blame: [...error.blame] });
      else keep({ kind: 'unfinished', missing: error instanceof RunUnfinished ? [...error.missing] : [] });
      throw error;
    }
  }

  #settle(session: Session, request: RunRequest, decision: Decision): Decision {
    this.#keep(session, request.runId, request, [], { kind: 'decided', decision });
    return decision;
  }

  #keep(session: Session, runId: Uint8Array, { committee, holders }: { readonly committee: readonly number[]; readonly holders: readonly number[] }, links: RunTranscript['links'], outcome: RunTranscript['outcome']): void {
    const id = toBase64Url(runId);
    session.transcripts.set(id, { v: 1, runId: id, party: this.#input.network.self, committee: [...committee], holders: [...holders], links, outcome });
  }

  /** How a run is compared: as the lowest party of its committee, chosen and told the others; else as that one says. */
  async #form(session: Session, request: RunRequest, plan: RunPlan, { withdrawn }: DecisionClaim): Promise<RunForm> {
    const { peers, network, patience } = this.#input;
    const scope = this.#scope(request);
    const [lowest] = scope.committee;
    const { runId } = request;
    if (lowest !== network.self) {
      return await this.#notices.expect(lowest!, runId, patience * lanesTimeoutMs, withdrawn).catch((error: unknown) => {
        if (error instanceof RunUnfinished) this.#keep(session, runId, scope, [], { kind: 'unfinished', missing: [...error.missing] });
        throw error;
      });
    }
    const form = await this.#allot(scope, plan);
    const settle = (error?: unknown): void => this.#noteLost(scope, error);
    // Whoever does not hear of it is missed in the run itself.
    for (const party of scope.holders) if (party !== network.self) peers.request(party, 'run.lanes', { runId, ...form }, lanesTimeoutMs).catch(settle);
    return { ...form, settle };
  }

  /** Some holder has let its part go: what is left of the others' is worth nothing. */
  #noteLost(scope: RunScope, error: unknown): void {
    if (isBoopError(error) && (error.code === 'committee.unknown' || error.code === 'correlation.unknown')) this.#input.committees.forget(scope);
  }

  /** Chooses how a run is compared and gets it lanes. */
  async #allot(scope: RunScope, plan: RunPlan): Promise<Omit<RunForm, 'settle'>> {
    const { network, peers, committees, gallery, lanesPerBlock, onForm } = this.#input;
    const { p, shifts } = gallery.statistic;
    const [oneHotLanes, digitLanes] = [committees.availableLanes(scope, 'one-hot'), committees.availableLanes(scope, 'digits')];
    const form = chooseForm(plan, shifts.length, { roundTripMs: peers.roundTripMs(scope.holders), oneHotLanes, digitLanes, threshold: network.threshold, p, lanesPerBlock });
    onForm(form);
    const { backEnd, blockRows } = form;
    const lanes = blockWidths(plan.rows, shifts.length, form).reduce((sum, width) => sum + width, 0);
    return { backEnd, blockRows, lanes: await committees.allot(scope, lanes, form) };
  }

  /** The run's lanes, block by block. @throws BoopError `run.malformed`, `run.wrong-lanes` */
  #lanes(plan: RunPlan, form: RunForm): LaneRange[] {
    checkForm(plan, form);
    return cutRanges(form.lanes, blockWidths(plan.rows, this.#input.gallery.statistic.shifts.length, form));
  }

  /**
   * A committee alone can't check what it opens, so a liar in it would learn about scores: nodes that see 3t+1 alive take part in
   * no such run, whatever a leader says.
   * @throws BoopError `run.not-led`, `run.not-wide` (unavailable)
   */
  #scope({ committee, holders }: Pick<RunRequest, 'committee' | 'holders'>): RunScope {
    const { network, peers } = this.#input;
    const { nodes, threshold, self, verifiableSize } = network;
    if (!isCommittee(committee, nodes, threshold) || !areHolders(holders, committee, nodes, threshold) || !holders.includes(self)) throw notLed();
    const scope = { committee, holders };
    if (!isWide(scope) && peers.live().length >= verifiableSize) throw new BoopError('run.not-wide', 'enough nodes are up to check what opens', { kind: 'unavailable' });
    return scope;
  }
}

/** One run at one node. */
interface Run {
  readonly session: Session;
  readonly request: RunRequest;
  readonly scope: RunScope;
  readonly plan: RunPlan;
  readonly form: RunForm;
  readonly claim: DecisionClaim;
}

/** What the members of a committee sign; each, and the session's leader, builds it from its own session and gallery. @throws BoopError `gallery.unknown-row` */
export function statementOf({ view }: Session, { runId, operation, committee, holders }: RunRequest, { row, rowVersion, galleryRows, renews }: RunCoverage, decision: Decision, gallery: Gallery): MatchStatement {
  const { networkId, epoch, sessionId, splitHash, operatingPoint, theta } = view;
  return {
    v: 1,
    networkId,
    epoch,
    sessionId,
    splitHash,
    runId: toBase64Url(runId),
    operation,
    committee: [...committee],
    holders: [...holders],
    operatingPoint,
    theta,
    galleryRows,
    ...(renews !== undefined && { renews }),
    ...(row === undefined ? {} : { row, rowVersion }),
    ...(decision.kind === 'one' && { rowVersion: gallery.row(decision.row).version }),
    decision,
  };
}

export const transcriptDigest = (transcript: RunTranscript): string => toBase64Url(new Uint8Array(createHash('sha256').update(canonicalJson(transcript)).digest()));

/** Products have memory of their own. */
function forget(products: Uint16Array | undefined): void {
  if (!products) return;
  products.fill(0);
  freeMemory(products);
}

const notLed = (): BoopError => new BoopError('run.not-led', 'this node holds no masks of such a committee', { kind: 'peer' });
const nothingToCompare = ({ opening }: RunPlan): Decision => (opening === 'identify' ? { kind: 'none' } : { kind: 'bit', bit: opening === 'all' });
