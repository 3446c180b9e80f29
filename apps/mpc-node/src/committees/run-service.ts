import { createHash } from 'node:crypto';
import { freeing, opensslCtr } from '@boop/engine';
import { compareProtocol, contributeProtocol, type Decision } from '@boop/mpc';
import { type MatchStatement } from '@boop/protocol';
import { BoopError, canonicalJson, freeMemory, fromBase64Url, isBoopError, type PartyId, type ProtocolMachine, type Rng, roundMachine, toBase64Url } from '@boop/shared';
import { RunAborted, RunUnfinished } from '@boop/platform';
import { type Gallery } from '../gallery/gallery.ts';
import { type CertifiedStatement, type LaneRange, type PeerAnswer, type RunJoin, type RunRequest } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { decidedBytes, type RunTranscript, transcriptBytes } from '../link/run-transcripts.ts';
import { type Network } from '../network.ts';
import { areHolders, isCommittee, type MemberVerifier } from '../sessions/certified.ts';
import { type Session } from '../sessions/session.ts';
import { type Activity } from './activity.ts';
import { type CommitteeService } from './committee-service.ts';
import { isWide, type RunScope } from './committee-state.ts';
import { laneKernel } from './lane-kernel.ts';
import { cutRanges } from './lanes.ts';
import { type ProtocolRunner } from './protocol-runner.ts';
import { RecordedMachine } from './recorded-machine.ts';
import { blockWidths, checkForm, type ChosenForm, chooseForm } from './run-form.ts';
import { planRun, type RunPlan } from './run-plan.ts';
import { runSubject } from './run-subject.ts';

export const runTimeoutMs = 5_000;

/** What came out of a run at one member, signed by it. */
interface Outcome {
  readonly statement: MatchStatement;
  readonly transcript: string;
  readonly signature: string;
}

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
  readonly signIdentity: (bytes: Uint8Array) => Uint8Array;
  readonly onRun: (operation: string, durationMs: number) => void;
  /** As the lowest party of a committee: how a run is compared, and why so. */
  readonly onForm: (form: ChosenForm) => void;
}

/**
 * Comparison runs of a session: asked for by its leader, arranged by the committee's lowest party, joined by all members, and by the
 * other holders of its masks, over whose shares the masked scores are checked.
 */
export class RunService {
  readonly #input: RunServiceInput;

  constructor(input: RunServiceInput) {
    this.#input = input;
  }

  /** As the lowest party: runs one comparison with the others and collects all signatures. */
  async arrange(session: Session, request: RunRequest): Promise<CertifiedStatement> {
    const { peers, committees, gallery, members } = this.#input;
    const scope = this.#scope(request);
    const { committee, holders } = scope;
    if (committee[0] !== peers.self) throw notLed();
    const plan = planRun(session, gallery, request, members);
    const join: RunJoin = { ...request, ...(await this.#allot(scope, plan)) };
    const outsiders = plan.rows === 0 ? [] : holders.filter((party) => !committee.includes(party));
    const timeoutMs = runTimeoutMs + 1_000;
    try {
      const [own, others] = await Promise.all([
        this.#take(session, join, plan),
        Promise.all(committee.slice(1).map(async (party) => ({ party, ...(await peers.request(party, 'run.join', join, timeoutMs)) }))),
        ...outsiders.map((party) => peers.request(party, 'run.contribute', join, timeoutMs)),
      ]);
      const { statement } = own;
      for (const { party, signature, transcript } of others) {
        if (!members.verify(party, decidedBytes(statement, transcript), fromBase64Url(signature))) throw new BoopError('mpc.disagreement', 'a member signed another outcome', { kind: 'peer' });
      }
      return { statement, signatures: [{ party: peers.self, signature: own.signature, transcript: own.transcript }, ...others] };
    } catch (error) {
      // Some holder has let its part go: what is left of the others' is worth nothing.
      if (isBoopError(error) && (error.code === 'committee.unknown' || error.code === 'correlation.unknown')) committees.forget(scope);
      throw error;
    }
  }

  /** As another member: joins a run that the lowest party arranged. */
  async join(from: PartyId, session: Session, body: RunJoin): Promise<PeerAnswer<'run.join'>> {
    const { network, gallery, members } = this.#input;
    const { committee } = this.#scope(body);
    if (committee[0] !== from || !committee.includes(network.self)) throw notLed();
    const { signature, transcript } = await this.#take(session, body, planRun(session, gallery, body, members));
    return { signature, transcript };
  }

  /** As a holder outside the committee: hands in shares of the masked scores, once per question, and learns nothing. */
  async contribute(from: PartyId, session: Session, body: RunJoin): Promise<void> {
    const { network, gallery, members, committees, onRun } = this.#input;
    const scope = this.#scope(body);
    if (scope.committee[0] !== from || scope.committee.includes(network.self)) throw notLed();
    const plan = planRun(session, gallery, body, members);
    const startedAt = performance.now();
    session.requireWellFormed();
    session.claim(`contribute ${body.operation}`, scope.committee, body.row);
    const slices = committees.takeMasks(scope, this.#lanes(plan, body));
    let products: Uint16Array | undefined;
    try {
      products = await plan.products();
      const input = { ...this.#common(body, scope, plan), products, correlations: slices, wide: this.#wide(session, body, scope) };
      await this.#record(session, body, scope, freeing(roundMachine(() => contributeProtocol(input))), () => ({ kind: 'contributed' }));
    } finally {
      forget(products);
      for (const slice of slices) slice.wipe();
    }
    onRun('contribute', performance.now() - startedAt);
  }

  /** What this node sent and received in a run of the session, signed. @throws BoopError `run.unknown` */
  transcriptOf(session: Session, runId: string): PeerAnswer<'run.transcript'> {
    const transcript = session.transcripts.get(runId);
    if (!transcript) throw new BoopError('run.unknown', 'this node took no part in such a run', { kind: 'peer' });
    return { transcript, signature: toBase64Url(this.#input.signIdentity(transcriptBytes(transcript))) };
  }

  async #take(session: Session, join: RunJoin, plan: RunPlan): Promise<Outcome> {
    const { gallery } = this.#input;
    const startedAt = performance.now();
    const scope = this.#scope(join);
    session.requireWellFormed();
    session.claim(join.operation, scope.committee, join.row);
    const decision = plan.rows === 0 ? this.#settle(session, join, scope, nothingToCompare(plan)) : await this.#compare(session, join, scope, plan);
    this.#input.onRun(join.operation, performance.now() - startedAt);
    const { networkId, epoch, sessionId, splitHash, operatingPoint, theta } = session.view;
    const { operation } = join;
    const { row, rowVersion, galleryRows } = plan;
    const statement: MatchStatement = {
      v: 1,
      networkId,
      epoch,
      sessionId,
      splitHash,
      runId: toBase64Url(join.runId),
      operation,
      committee: [...scope.committee],
      holders: [...scope.holders],
      operatingPoint,
      theta,
      galleryRows,
      ...(row === undefined ? {} : { row, rowVersion }),
      ...(decision.kind === 'one' && { rowVersion: gallery.row(decision.row).version }),
      decision,
    };
    const transcript = transcriptDigest(session.transcripts.get(statement.runId)!);
    return { statement, transcript, signature: toBase64Url(this.#input.signIdentity(decidedBytes(statement, transcript))) };
  }

  async #compare(session: Session, join: RunJoin, scope: RunScope, plan: RunPlan): Promise<Decision> {
    const { committees, gallery } = this.#input;
    const { keys, slices } = committees.take(scope, this.#lanes(plan, join));
    let products: Uint16Array | undefined;
    try {
      products = await plan.products();
      const input = {
        ...this.#common(join, scope, plan),
        keys,
        scoreMax: gallery.statistic.scoreMax,
        theta: session.view.theta,
        products,
        correlations: slices,
        opening: plan.opening,
        prf: opensslCtr,
        laneKernel,
        ...(isWide(scope) ? { wide: this.#wide(session, join, scope) } : {}),
      };
      return await this.#record(session, join, scope, freeing(roundMachine(() => compareProtocol(input))), (decision) => ({ kind: 'decided', decision }));
    } finally {
      forget(products);
      for (const slice of slices) slice.wipe();
    }
  }

  #common({ runId, backEnd, blockRows }: RunJoin, { committee }: RunScope, plan: RunPlan) {
    const { network, gallery } = this.#input;
    const { p, shifts } = gallery.statistic;
    return { self: network.self, committee, threshold: network.threshold, runId, p, rows: plan.rows, shifts: shifts.length, productOrder: 'shifts' as const, backEnd, blockRows };
  }

  #wide(session: Session, join: RunJoin, { holders }: RunScope) {
    return { holders, subject: runSubject(session, join, this.#input.gallery.statistic) };
  }

  /** Runs a machine and keeps the hashes of what it sent and received, however it ends. */
  async #record<Output>(session: Session, { runId }: RunJoin, scope: RunScope, machine: ProtocolMachine<Output>, outcomeOf: (output: Output) => RunTranscript['outcome']): Promise<Output> {
    const { runner, activity, rng } = this.#input;
    const recorded = new RecordedMachine(machine, rng);
    const keep = (outcome: RunTranscript['outcome']): void => this.#keep(session, runId, scope, recorded.links(), outcome);
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

  #settle(session: Session, { runId }: RunJoin, scope: RunScope, decision: Decision): Decision {
    this.#keep(session, runId, scope, [], { kind: 'decided', decision });
    return decision;
  }

  #keep(session: Session, runId: Uint8Array, { committee, holders }: RunScope, links: RunTranscript['links'], outcome: RunTranscript['outcome']): void {
    const id = toBase64Url(runId);
    session.transcripts.set(id, { v: 1, runId: id, party: this.#input.network.self, committee: [...committee], holders: [...holders], links, outcome });
  }

  /** Chooses how a run is compared and gets it lanes. */
  async #allot(scope: RunScope, plan: RunPlan): Promise<Pick<RunJoin, 'backEnd' | 'blockRows' | 'lanes'>> {
    const { network, peers, committees, gallery, lanesPerBlock, onForm } = this.#input;
    const { p, shifts } = gallery.statistic;
    if (plan.rows === 0) return { backEnd: 'one-hot', blockRows: 1, lanes: [] };
    const [oneHotLanes, digitLanes] = [committees.availableLanes(scope, 'one-hot'), committees.availableLanes(scope, 'digits')];
    const form = chooseForm(plan, shifts.length, { roundTripMs: peers.roundTripMs(scope.holders), oneHotLanes, digitLanes, threshold: network.threshold, p, lanesPerBlock });
    onForm(form);
    const { backEnd, blockRows } = form;
    const lanes = blockWidths(plan.rows, shifts.length, form).reduce((sum, width) => sum + width, 0);
    return { backEnd, blockRows, lanes: await committees.allot(scope, lanes, form) };
  }

  /** The run's lanes, block by block. @throws BoopError `run.malformed`, `run.wrong-lanes` */
  #lanes(plan: RunPlan, join: RunJoin): LaneRange[] {
    checkForm(plan, join);
    return cutRanges(join.lanes, blockWidths(plan.rows, this.#input.gallery.statistic.shifts.length, join));
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

export const transcriptDigest = (transcript: RunTranscript): string => toBase64Url(new Uint8Array(createHash('sha256').update(canonicalJson(transcript)).digest()));

/** Products have memory of their own. */
function forget(products: Uint16Array | undefined): void {
  if (!products) return;
  products.fill(0);
  freeMemory(products);
}

const notLed = (): BoopError => new BoopError('run.not-led', 'the lowest party of a committee arranges its runs', { kind: 'peer' });
const nothingToCompare = ({ opening }: RunPlan): Decision => (opening === 'identify' ? { kind: 'none' } : { kind: 'bit', bit: opening === 'all' });
