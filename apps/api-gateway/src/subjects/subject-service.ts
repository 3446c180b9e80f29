import { type SignedOwnerCall } from '@boop/identity';
import { consentEntryOf, logEntryHash, type NetworkManifest, palmErasureEntry, parseLogEntry, type RegistrationEntry, type SignedPalmErasure, type SignedSubjectOrder, type Subject, type SubjectExport, subjectOrderEntry, type SubjectReceipt, type SubjectRecord, verifyPalmErasure, verifySubjectOrder } from '@boop/protocol';
import { BoopError, canonicalJson, type Clock, equalBytes, fromBase64Url, isBoopError, toBase64Url } from '@boop/shared';
import { checkEntry, type VerifyEd25519 } from '../domain/check-answer.ts';
import { type OutboxEntry } from '../domain/events.ts';
import { type NodeAnswer } from '../nodes/node-link.ts';
import { type NodePool } from '../nodes/node-pool.ts';
import { type LogService } from '../services/log-service.ts';

const orderTimeoutMs = 12_000;
const readTimeoutMs = 3_000;

type Nodes = Pick<NodePool, 'ask' | 'available'>;
type Answer = NodeAnswer<'subject.order'>;
type ProofOf = SubjectExport['proofs'][number];

/** Carries what people and custodians have signed about a person to the nodes, which check it themselves; and what the nodes say of a person to that person. */
export class SubjectService {
  readonly #with: { nodes: Nodes; manifest: NetworkManifest; log: Pick<LogService, 'proof'>; send: (entry: OutboxEntry) => Promise<void>; verify: VerifyEd25519; clock: Clock };

  constructor(dependencies: { nodes: Nodes; manifest: NetworkManifest; log: Pick<LogService, 'proof'>; send: (entry: OutboxEntry) => Promise<void>; verify: VerifyEd25519; clock: Clock }) {
    this.#with = dependencies;
  }

  /** Suspends or resumes. May be repeated. @throws BoopError `subject.*`, `owner.bad-signature`, `passkey.invalid`, `custodians.bad-signatures`, `mpc.*` */
  async order(order: SignedSubjectOrder): Promise<SubjectReceipt> {
    verifySubjectOrder(order, this.#with.manifest);
    const answer = await this.#any((party) => this.#with.nodes.ask(party, 'subject.order', { order }, orderTimeoutMs));
    return await this.#receipt(answer, (epoch) => subjectOrderEntry(order.record, epoch));
  }

  /** Has all nodes erase. May be repeated. @throws BoopError `erasure.*`, `subject.unknown`, `owner.bad-signature`, `passkey.invalid`, `custodians.bad-signatures`, `mpc.*` */
  async erase(request: SignedPalmErasure): Promise<SubjectReceipt> {
    verifyPalmErasure(request, this.#with.manifest);
    const answer = await this.#any((party) => this.#with.nodes.ask(party, 'subject.erase', { request }, orderTimeoutMs));
    return await this.#receipt(answer, (epoch) => palmErasureEntry(request.record, epoch));
  }

  /** @throws BoopError `subject.unknown`, `owner.*`, `mpc.nodes-unavailable` */
  async get(call: SignedOwnerCall): Promise<Subject> {
    const { accountKey, suspendedBy, registrations } = (await this.#read(call)).record;
    const left = registrations.filter(({ erased }) => !erased).length;
    return { accountKey, status: left === 0 ? 'erased' : suspendedBy.length > 0 ? 'suspended' : 'active', suspendedBy, registrations: left };
  }

  /** @throws BoopError as {@link get}; `log.unavailable` */
  async export(call: SignedOwnerCall): Promise<SubjectExport> {
    const { record, nodes } = await this.#read(call);
    const proofs: ProofOf[] = [];
    for (const { kind, candidates } of entriesOf(record)) proofs.push(...(await this.#proofs(kind, candidates)));
    return { v: 1, exportedAt: Math.floor(this.#with.clock.nowMs() / 1000), nodes, record, proofs };
  }

  /** What most nodes say alike, t+1 of them at least: a node that was down may have yet to hear of an order. */
  async #read(call: SignedOwnerCall): Promise<{ record: SubjectRecord; nodes: number }> {
    const { nodes, manifest } = this.#with;
    const results = await Promise.allSettled(nodes.available().map((party) => nodes.ask(party, 'subject.read', { call }, readTimeoutMs)));
    const votes = new Map<string, { record: SubjectRecord; nodes: number }>();
    for (const result of results) {
      if (result.status !== 'fulfilled') continue;
      const name = toBase64Url(canonicalJson(result.value));
      votes.set(name, { record: result.value, nodes: (votes.get(name)?.nodes ?? 0) + 1 });
    }
    const [most] = [...votes.values()].sort((a, b) => b.nodes - a.nodes);
    if (most && most.nodes > manifest.threshold) return most;
    throw refusalOf(results) ?? unavailable();
  }

  /** The first node that is up, another one when that one fails; a node's refusal is an answer. */
  async #any(ask: (party: number) => Promise<Answer>): Promise<Answer> {
    let last: unknown = unavailable();
    for (const party of this.#with.nodes.available()) {
      try {
        return await ask(party);
      } catch (error) {
        if (isBoopError(error) && error.kind === 'rejected') throw error;
        last = error;
      }
    }
    throw last;
  }

  async #receipt(answer: Answer, entryAt: (epoch: number) => Uint8Array): Promise<SubjectReceipt> {
    const { manifest, verify, send } = this.#with;
    const { entry, outbox } = checkEntry(answer, { manifest, verify });
    if (!equalBytes(answer.entry, entryAt(entry.epoch))) throw new BoopError('mpc.aborted', 'the log entry is of another order', { kind: 'peer', retryAllowed: true });
    await send(outbox);
    return { logEntry: outbox.entryHash, entry: toBase64Url(outbox.entry), receipts: [...outbox.receipts], pending: answer.pending };
  }

  /** The entry that is in the log, of several that it could be; the first one without a proof if none is. */
  async #proofs(kind: ProofOf['kind'], candidates: readonly Uint8Array[]): Promise<ProofOf[]> {
    const hashes = candidates.map(logEntryHash);
    const isKnown = hashes.length === 1;
    for (const logEntry of hashes) {
      try {
        return [{ kind, logEntry, proof: await this.#with.log.proof(logEntry) }];
      } catch (error) {
        if (isBoopError(error) && error.code === 'log.pending') return [{ kind, logEntry }];
        if (!isBoopError(error) || error.code !== 'request.not-found') throw error;
      }
    }
    return isKnown ? [{ kind, logEntry: hashes[0]! }] : [];
  }
}

/** The entry of an order names the epoch in which the nodes first obeyed it, which the order itself doesn't tell. */
function entriesOf({ epoch, registrations, orders, erasures }: SubjectRecord): { kind: ProofOf['kind']; candidates: Uint8Array[] }[] {
  const first = Math.min(epoch, ...registrations.map((registration) => registration.epoch));
  const epochs = Array.from({ length: epoch - first + 1 }, (_, back) => epoch - back);
  return [
    ...registrations.flatMap(({ entry }) => {
      const bytes = fromBase64Url(entry);
      const parsed = parseLogEntry(bytes) as RegistrationEntry;
      return [{ kind: parsed.kind, candidates: [bytes] }, { kind: 'consent' as const, candidates: [consentEntryOf(parsed)] }];
    }),
    ...orders.map(({ record }) => ({ kind: 'suspension' as const, candidates: epochs.map((at) => subjectOrderEntry(record, at)) })),
    ...erasures.map(({ record }) => ({ kind: 'erasure' as const, candidates: epochs.map((at) => palmErasureEntry(record, at)) })),
  ];
}

const refusalOf = (results: readonly PromiseSettledResult<unknown>[]): unknown => results.flatMap((result) => (result.status === 'rejected' && isBoopError(result.reason) && result.reason.kind === 'rejected' ? [result.reason] : []))[0];
const unavailable = (): BoopError => new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
