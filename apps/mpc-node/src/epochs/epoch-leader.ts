import { type Logger, RunAborted } from '@boop/platform';
import { type EntryReceipt, entryReceiptBytes, type EpochCertificate, type EpochReadiness, manifestDigest, type ManifestLink, type NetworkManifest } from '@boop/protocol';
import { BoopError, type Clock, equalBytes, fromBase64Url, isBoopError, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { serializeGroupKey } from '@boop/threshold';
import { groupKeyNames } from '../link/peer-methods.ts';
import { memberVerifier } from '../sessions/member-keys.ts';
import { type PendingEntries } from '../governance/pending-entries.ts';
import { epochEntry, erasureEntry, readyBytes } from './certificate.ts';
import { type EpochHost } from './epoch-host.ts';
import { type EpochLink } from './epoch-link.ts';
import { type EpochAnswer, type EpochBody, type EpochMethod, registrationsPerBatchMax } from './epoch-methods.ts';
import { type EpochMember } from './epoch-member.ts';

const periodMs = 1_000;
const askTimeoutMs = 5_000;
const stepTimeoutMs = 45_000;
const settleMs = 10_000;
const pauseAfterFailureMs = 3_000;

type Status = EpochAnswer<'epoch.status'>;

/** Nodes of one change. */
interface Sides {
  readonly manifest: NetworkManifest;
  readonly dealers: readonly PartyId[];
  readonly receivers: readonly PartyId[];
}

/**
 * Brings a network to the epoch that its custodians have approved: the lowest node of the present one that stays reachable leads, and all nodes of the next
 * one have to take part. A step that fails ends the attempt and nothing has happened; one that was left open by a crash is settled before another begins.
 */
export class EpochLeader {
  readonly #input: { host: EpochHost; link: EpochLink; member: EpochMember; entries: PendingEntries; successorOf: (epoch: number) => ManifestLink | undefined; clock: Clock; rng: Rng; log: Logger };
  /** Proven to have lied while dealing; left out as long as enough are left. */
  readonly #excluded = new Set<PartyId>();
  /** The last epoch whose erasure everywhere stands among the entries for the log. */
  #erased = 0;
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #pausedUntilMs = 0;

  /** @param input.successorOf the verified manifest that came into force after an epoch, as far as this node knows */
  constructor(input: { host: EpochHost; link: EpochLink; member: EpochMember; entries: PendingEntries; successorOf: (epoch: number) => ManifestLink | undefined; clock: Clock; rng: Rng; log: Logger }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(), periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look at the network, and what it calls for. */
  async tick(): Promise<void> {
    const { log } = this.#input;
    if (this.#working || performance.now() < this.#pausedUntilMs) return;
    this.#working = true;
    try {
      await this.#settle();
    } catch (error) {
      this.#pausedUntilMs = performance.now() + pauseAfterFailureMs;
      log.warn('epoch not reached', { code: isBoopError(error) ? error.code : 'internal', error });
    } finally {
      this.#working = false;
    }
  }

  async #settle(): Promise<void> {
    const { host, link, member, successorOf } = this.#input;
    if (await member.resume()) return;
    const serves = host.current()?.node.network.epoch;
    if (serves !== undefined && (await member.leave(successorOf(serves)))) return;
    const proposal = host.proposal();
    const own = await link.request(link.self, 'epoch.status', {}, askTimeoutMs);
    if (own.certificate && Math.min(...link.live()) === link.self) await this.#confirmErasure(own.certificate.readiness);
    if (!own.open && own.next === undefined) return;
    const statuses = await this.#statuses();
    // Another node has committed what is open here: this one follows, whatever it promised.
    const certificate = own.open && [...statuses.values()].find((status) => status.certificate?.readiness.attempt === toBase64Url(own.open!.attempt))?.certificate;
    if (certificate) {
      await member.commit(certificate, ['preparing', 'signed', 'stopped']);
      return;
    }
    if (!proposal || own.next === undefined) return;
    const sides = sidesOf(host, proposal, statuses, own.next, this.#excluded);
    if (host.current()?.node.ring.isRollingOver) return;
    if (sides && sides.dealers[0] === link.self) await this.#lead(sides, statuses);
  }

  async #statuses(): Promise<Map<PartyId, Status>> {
    const { link } = this.#input;
    const statuses = new Map<PartyId, Status>();
    await Promise.all(link.live().map(async (party) => await link.request(party, 'epoch.status', {}, askTimeoutMs).then((status) => statuses.set(party, status)).catch(() => undefined)));
    return statuses;
  }

  async #lead(sides: Sides, statuses: ReadonlyMap<PartyId, Status>): Promise<void> {
    const { rng, log, clock } = this.#input;
    const { manifest, dealers, receivers } = sides;
    const all = [...new Set([...dealers, ...receivers])].sort((a, b) => a - b);
    // No certificate of an earlier attempt can come up once all who might have signed have promised not to commit it.
    await Promise.all(
      all.map(async (party) => {
        const open = statuses.get(party)?.open;
        if (open && open.state !== 'stopped') await this.#ask([party], 'epoch.stop', { attempt: open.attempt, to: open.epoch });
      }),
    );
    const attempt = rng.bytes(16);
    const startedAt = performance.now();
    log.info('epoch change started', { epoch: manifest.epoch, peers: all });
    try {
      await this.#ask(all, 'epoch.begin', { attempt, to: manifest.epoch, manifest: manifestDigest(manifest), dealers: [...dealers], threshold: this.#node().network.threshold });
      await this.#ask(dealers, 'epoch.masks', { attempt, runId: rng.bytes(16) });
      let moved = await this.#moveRows(attempt, all, 0);
      for (const name of groupKeyNames) await this.#ask(all, 'epoch.key', { attempt, runId: rng.bytes(16), name, old: serializeGroupKey(this.#node().ring.get(name).group) });
      // What was registered meanwhile; then nothing more is.
      moved = await this.#moveRows(attempt, all, moved);
      // Those who serve the present epoch and don't deal must not register any more either.
      const serving = all.filter((party) => dealers.includes(party) || statuses.get(party)?.epoch === this.#node().network.epoch);
      const head = await this.#close(attempt, serving);
      await this.#moveRows(attempt, all, moved);
      const certificate = await this.#certify(attempt, manifest, receivers, head, Math.floor(clock.nowMs() / 1000));
      await this.#commit(certificate, all, manifest);
      log.info('epoch reached', { epoch: manifest.epoch, rows: head.rows, durationMs: performance.now() - startedAt });
    } catch (error) {
      if (error instanceof RunAborted && error.reason === 'resharing.liar') for (const party of error.blame) this.#excluded.add(party);
      for (const party of dealers) this.#input.link.request(party, 'epoch.reopen', { attempt }, askTimeoutMs).catch(() => undefined);
      throw error;
    }
  }

  /** @returns rows that have been moved */
  async #moveRows(attempt: Uint8Array, all: readonly PartyId[], fromRow: number): Promise<number> {
    const { host, rng } = this.#input;
    for (let moved = fromRow; ; ) {
      const page = await host.current()!.shares.gallery.page(moved, registrationsPerBatchMax);
      if (page.length === 0) return moved;
      for (const { shares } of page) for (const share of shares) share.fill(0);
      const certificates = page.map(({ certificate }) => certificate!);
      const erasures = page.flatMap(({ record, erased }) => (erased ? [{ splitHash: record.splitHash, cause: erased }] : []));
      await this.#ask(all, 'epoch.rows', { attempt, runId: rng.bytes(16), certificates, erasures });
      moved += certificates.reduce((sum, { record }) => sum + record.positions.length, 0);
    }
  }

  /** Until no registration waits anywhere and all have the same rows. */
  async #close(attempt: Uint8Array, serving: readonly PartyId[]): Promise<EpochAnswer<'epoch.close'>['head']> {
    for (const deadline = performance.now() + settleMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const answers = await this.#ask(serving, 'epoch.close', { attempt });
      const { head } = answers[0]!;
      if (answers.every((answer) => !answer.pending && answer.head.rows === head.rows && answer.head.digest === head.digest)) return head;
      if (performance.now() > deadline) throw new BoopError('epoch.unsettled', 'registrations did not settle', { kind: 'unavailable' });
    }
  }

  async #certify(attempt: Uint8Array, manifest: NetworkManifest, receivers: readonly PartyId[], head: EpochAnswer<'epoch.close'>['head'], time: number): Promise<EpochCertificate> {
    const members = memberVerifier(manifest);
    const answers = await this.#ask(receivers, 'epoch.ready', { attempt, head, time });
    const { readiness } = answers[0]!;
    const bytes = readyBytes(readiness);
    const signatures = answers.map(({ signature }, at) => ({ party: receivers[at]! as number, signature }));
    if (!answers.every((answer, at) => equalBytes(readyBytes(answer.readiness), bytes) && members.verify(receivers[at]!, bytes, fromBase64Url(answer.signature))))
      throw new BoopError('epoch.certificate', 'a node is ready for something else', { kind: 'peer' });
    return { readiness, signatures };
  }

  /** Once one node has committed the epoch stands: the others do now, or when they ask. */
  async #commit(certificate: EpochCertificate, all: readonly PartyId[], manifest: NetworkManifest): Promise<void> {
    const { link, log } = this.#input;
    const results = await Promise.allSettled(all.map((party) => link.request(party, 'epoch.commit', certificate, stepTimeoutMs)));
    const entry = epochEntry(certificate.readiness);
    const answers = results.flatMap((result, at) => {
      if (result.status === 'rejected') log.warn('a node has not committed an epoch yet', { peer: all[at], error: result.reason as unknown });
      return result.status === 'fulfilled' ? [[all[at]!, result.value.receipt] as const] : [];
    });
    if (answers.length === 0) throw new BoopError('epoch.certificate', 'no node has committed', { kind: 'unavailable' });
    await this.#vouch(entry, answers, manifest);
  }

  /** When all have erased the epoch before, that goes to the log too. The lowest node that is up sees to it, whoever led the change. */
  async #confirmErasure({ from: epoch, time }: EpochReadiness): Promise<void> {
    const { host, link, entries, log } = this.#input;
    if (this.#erased >= epoch) return;
    const { manifest, networkId, parties } = host.current()!.node.network;
    const entry = erasureEntry(networkId, manifest.epoch, epoch, time);
    if (!(await entries.has(entry))) {
      const answers = await Promise.allSettled(parties.map((party) => link.request(party, 'epoch.erased', { epoch, time }, askTimeoutMs)));
      const receipts = answers.flatMap((answer, at) => (answer.status === 'fulfilled' && answer.value.receipt ? [[parties[at]!, answer.value.receipt] as const] : []));
      if (receipts.length < parties.length) return;
      await this.#vouch(entry, receipts, manifest);
      log.info('epoch erased everywhere', { epoch });
    }
    this.#erased = epoch;
  }

  async #vouch(entry: Uint8Array, answers: readonly (readonly [PartyId, string])[], manifest: NetworkManifest): Promise<void> {
    const members = memberVerifier(manifest);
    const receipts = answers.filter(([party, signature]) => members.verify(party, entryReceiptBytes(entry), fromBase64Url(signature))).map(([party, signature]): EntryReceipt => ({ party, signature }));
    await this.#input.entries.add(entry, receipts);
  }

  async #ask<M extends EpochMethod>(parties: readonly PartyId[], method: M, body: EpochBody<M>): Promise<EpochAnswer<M>[]> {
    const results = await Promise.allSettled(parties.map((party) => this.#input.link.request(party, method, body, stepTimeoutMs)));
    // A liar's name is worth more than the consequences that it had elsewhere.
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (reasons.length > 0) throw reasons.find((reason) => reason instanceof RunAborted) ?? reasons[0];
    return results.map((result) => (result as PromiseFulfilledResult<EpochAnswer<M>>).value);
  }

  #node() {
    return this.#input.host.current()!.node;
  }
}

/**
 * Who deals and who receives, as far as it can begin now: every member of the next epoch is there and has approved the same manifest, and of the present
 * one so many as the log's key needs. A member whose identity changes is another custodian, who holds nothing yet.
 */
export function sidesOf(host: EpochHost, manifest: NetworkManifest, statuses: ReadonlyMap<PartyId, Status>, hash: string, excluded: ReadonlySet<PartyId>): Sides | undefined {
  const network = host.current()?.node.network;
  if (!network) return undefined;
  const receivers = manifest.members.map(({ party }) => party as PartyId);
  if (!receivers.every((party) => statuses.get(party)?.next === hash)) return undefined;
  const stays = (party: PartyId): boolean => {
    const next = manifest.members.find((member) => member.party === party);
    return !next || next.identityKey === network.manifest.members[party - 1]!.identityKey;
  };
  const able = network.parties.filter((party) => stays(party) && statuses.get(party)?.epoch === network.epoch);
  const trusted = able.filter((party) => !excluded.has(party));
  const needed = Math.max(network.committeeSize, signersNeededMax(host));
  const dealers = trusted.length >= needed ? trusted : able;
  return dealers.length >= needed ? { manifest, dealers, receivers } : undefined;
}

const signersNeededMax = (host: EpochHost): number => Math.max(...groupKeyNames.map((name) => host.current()!.node.ring.get(name).group.threshold));
