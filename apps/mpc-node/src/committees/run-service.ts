import { compareProtocol, type Decision } from '@boop/mpc';
import { type MatchStatement, statementBytes } from '@boop/protocol';
import { BoopError, fromBase64Url, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { type Gallery } from '../gallery/gallery.ts';
import { type CertifiedStatement, type RunJoin, type RunRequest } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { isCommittee, type MemberVerifier } from '../sessions/certified.ts';
import { type Session } from '../sessions/session.ts';
import { opensslAesCtr } from './aes-ctr.ts';
import { type CommitteeService } from './committee-service.ts';
import { lanesFor } from './lanes.ts';
import { type ProtocolRunner } from './protocol-runner.ts';
import { planRun, type RunPlan } from './run-plan.ts';

export const runTimeoutMs = 5_000;

/** What came out of a run at one member, signed by it. */
interface Outcome {
  readonly statement: MatchStatement;
  readonly signature: string;
}

/** Comparison runs of a session: asked for by its leader, arranged by the committee's lowest party, joined by all members. */
export class RunService {
  readonly #input: {
    network: Network;
    peers: Peers;
    runner: ProtocolRunner;
    committees: CommitteeService;
    gallery: Gallery;
    members: MemberVerifier;
    rng: Rng;
    signIdentity: (bytes: Uint8Array) => Uint8Array;
    onRun: (operation: string, durationMs: number) => void;
  };

  constructor(input: {
    network: Network;
    peers: Peers;
    runner: ProtocolRunner;
    committees: CommitteeService;
    gallery: Gallery;
    members: MemberVerifier;
    rng: Rng;
    signIdentity: (bytes: Uint8Array) => Uint8Array;
    onRun: (operation: string, durationMs: number) => void;
  }) {
    this.#input = input;
  }

  /** As the lowest party: runs one comparison with the others and collects all signatures. */
  async arrange(session: Session, request: RunRequest): Promise<CertifiedStatement> {
    const { peers, committees, gallery, members, rng } = this.#input;
    const committee = this.#committee(request.committee);
    if (committee[0] !== peers.self) throw new BoopError('run.not-led', 'the lowest party of a committee arranges its runs', { kind: 'peer' });
    const plan = planRun(session, gallery, request, members);
    const lanes = plan.rows === 0 ? [] : await committees.allot(committee, this.#lanes(plan));
    const join: RunJoin = { ...request, runId: rng.bytes(16), lanes };
    const [own, ...others] = await Promise.all([
      this.#take(session, join, plan),
      ...committee.slice(1).map(async (party) => ({ party, ...(await peers.request(party, 'run.join', join, runTimeoutMs + 1_000)) })),
    ]);
    const bytes = statementBytes(own.statement);
    for (const { party, signature } of others) {
      if (!members.verify(party, bytes, fromBase64Url(signature))) throw new BoopError('mpc.disagreement', 'a member signed another outcome', { kind: 'peer' });
    }
    return { statement: own.statement, signatures: [{ party: peers.self, signature: own.signature }, ...others.map(({ party, signature }) => ({ party, signature }))] };
  }

  /** As another member: joins a run that the lowest party arranged. */
  async join(from: PartyId, session: Session, body: RunJoin): Promise<{ signature: string }> {
    const { network, gallery, members } = this.#input;
    const committee = this.#committee(body.committee);
    if (committee[0] !== from || !committee.includes(network.self)) throw new BoopError('run.not-led', 'the lowest party of a committee arranges its runs', { kind: 'peer' });
    const { signature } = await this.#take(session, body, planRun(session, gallery, body, members));
    return { signature };
  }

  async #take(session: Session, join: RunJoin, plan: RunPlan): Promise<Outcome> {
    const startedAt = performance.now();
    const committee = this.#committee(join.committee);
    session.requireWellFormed();
    session.claim(join.operation, committee, join.row);
    const decision = plan.rows === 0 ? nothingToCompare(plan) : await this.#compare(session, join, committee, plan);
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
      committee: [...committee],
      operatingPoint,
      theta,
      galleryRows,
      ...(row === undefined ? {} : { row, rowVersion }),
      decision,
    };
    return { statement, signature: toBase64Url(this.#input.signIdentity(statementBytes(statement))) };
  }

  async #compare(session: Session, { runId, lanes }: RunJoin, committee: readonly PartyId[], plan: RunPlan): Promise<Decision> {
    const { network, runner, committees, gallery } = this.#input;
    if (lanes.reduce((sum, { from, to }) => sum + to - from, 0) !== this.#lanes(plan)) throw new BoopError('run.wrong-lanes', 'the run was given another number of lanes', { kind: 'peer' });
    const { keys, slices } = committees.take(committee, lanes);
    const { self, threshold } = network;
    const { p, scoreMax, shifts } = gallery.statistic;
    const products = plan.products();
    const input = {
      self,
      committee,
      threshold,
      keys,
      runId,
      p,
      scoreMax,
      theta: session.view.theta,
      rows: plan.rows,
      shifts: shifts.length,
      products,
      correlations: slices,
      opening: plan.opening,
      prf: opensslAesCtr,
    };
    try {
      return await runner.run(runId, committee, () => compareProtocol(input), runTimeoutMs);
    } finally {
      products.fill(0);
      for (const slice of slices) slice.wipe();
    }
  }

  #lanes(plan: RunPlan): number {
    return lanesFor(plan.rows * this.#input.gallery.statistic.shifts.length);
  }

  #committee(committee: readonly number[]): readonly PartyId[] {
    const { nodes, threshold } = this.#input.network;
    if (!isCommittee(committee, nodes, threshold)) throw new BoopError('run.not-led', 'not a committee of this network', { kind: 'peer' });
    return committee;
  }
}

const nothingToCompare = ({ opening }: RunPlan): Decision => (opening === 'identify' ? { kind: 'none' } : { kind: 'bit', bit: opening === 'all' });
