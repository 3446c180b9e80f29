import { type MatchStatement } from '@boop/protocol';
import { type KeyCustody } from '@boop/platform';
import { type Rng, toBase64Url } from '@boop/shared';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { decidedBytes } from '../link/run-transcripts.ts';
import { type MemberVerifier, type SessionView } from '../sessions/certified.ts';
import { memberVerifier } from '../sessions/member-keys.ts';
import { theta } from './fixtures.ts';
import { memoryCustody } from './memory-custody.ts';
import { manifestOf } from './memory-network.ts';

/** Stands for a member's transcript of its run. */
const transcript = toBase64Url(new Uint8Array(32).fill(7));

/** A network's identities alone, to certify whatever a test wants to have been decided. */
export class StatementMill {
  readonly custodies: readonly KeyCustody[];
  readonly members: MemberVerifier;
  readonly view: SessionView;
  readonly #rng: Rng;

  constructor(parameters: { nodes: number; threshold: number }, rng: Rng) {
    this.#rng = rng;
    this.custodies = Array.from({ length: parameters.nodes }, () => memoryCustody(rng));
    const manifest = manifestOf(this.custodies, parameters.threshold);
    this.members = memberVerifier(manifest);
    this.view = {
      networkId: manifest.networkId,
      epoch: manifest.epoch,
      ...parameters,
      sessionId: toBase64Url(rng.bytes(32)),
      splitHash: toBase64Url(rng.bytes(32)),
      operatingPoint: 'default',
      theta,
    };
  }

  /** A statement signed by every member of its committee. */
  certify(operation: MatchStatement['operation'], committee: number[], decision: MatchStatement['decision'], changes: Partial<MatchStatement> = {}): CertifiedStatement {
    const { networkId, epoch, sessionId, splitHash, operatingPoint } = this.view;
    const statement: MatchStatement = {
      v: 1,
      networkId,
      epoch,
      sessionId,
      splitHash,
      runId: toBase64Url(this.#rng.bytes(16)),
      operation,
      committee,
      holders: this.holders(committee),
      operatingPoint,
      theta,
      galleryRows: 3,
      decision,
      ...changes,
    };
    return { statement, signatures: statement.committee.map((party) => ({ party, transcript, signature: this.sign(party, statement) })) };
  }

  /** All nodes where they are 3t+1, else the committee. */
  holders(committee: readonly number[]): number[] {
    const { nodes, threshold } = this.view;
    return nodes >= 3 * threshold + 1 ? Array.from({ length: nodes }, (_, at) => at + 1) : [...committee];
  }

  sign(party: number, statement: MatchStatement): string {
    return toBase64Url((this.custodies[party - 1] ?? this.custodies[0]!).signIdentity(decidedBytes(statement, transcript)));
  }

  identify(committee: number[], row: number, changes: Partial<MatchStatement> = {}): CertifiedStatement {
    return this.certify('identify', committee, { kind: 'one', row }, { rowVersion: 1, ...changes });
  }

  confirm(committee: number[], row: number, bit = true, changes: Partial<MatchStatement> = {}): CertifiedStatement {
    return this.certify('verify', committee, { kind: 'bit', bit }, { row, rowVersion: 1, ...changes });
  }
}
