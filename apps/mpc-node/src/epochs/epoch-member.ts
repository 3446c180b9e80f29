import { opensslCtr } from '@boop/engine';
import { type Logger } from '@boop/platform';
import { checkEpochCertificate, entryReceiptBytes, type EpochCertificate, type EpochReadiness, manifestDigest, type ManifestLink, type NetworkManifest, signersNeeded, verifyPalmErasure } from '@boop/protocol';
import { agreeHolderKeys, type HolderKeys, reshare, type ResharingParties } from '@boop/mpc';
import { BoopError, canonicalJson, type Clock, epoch as toEpoch, equalBytes, fromBase64Url, lengthPrefixed, type PartyId, type Rng, toBase64Url, utf8 } from '@boop/shared';
import { KeyShare, parseGroupKey, reshareKey, serializeGroupKey } from '@boop/threshold';
import { type ProtocolRunner } from '../committees/protocol-runner.ts';
import { Mutex } from '../mutex.ts';
import { groupKeyNames, type RegistrationCertificate } from '../link/peer-methods.ts';
import { statisticOf } from '../network.ts';
import { memberVerifier } from '../sessions/member-keys.ts';
import { type PendingEntries } from '../governance/pending-entries.ts';
import { epochEntry, erasureEntry, keysHash, readyBytes } from './certificate.ts';
import { type EpochHost } from './epoch-host.ts';
import { type EpochAnswer, type EpochBody, type EpochHandlers } from './epoch-methods.ts';
import { type EpochStore, type StoredEpoch } from './epoch-store.ts';
import { guarded, noFaults } from '@boop/platform';
import { type FaultHook } from './fault-points.ts';
import { balanceShares, joinShares } from './row-shares.ts';

const runTimeoutMs = 30_000;
/** A leader that falls silent must not keep registrations waiting. */
const closedMs = 15_000;
const clockSkewSeconds = 60;

/** Signs with the identity key that a manifest names for this node; with the one it has, where it names none. */
export type SignAs = (manifest: NetworkManifest, message: Uint8Array) => Uint8Array;

/** One try to get to the next epoch, as this node takes part in it. */
interface Attempt extends ResharingParties {
  readonly id: Uint8Array;
  readonly leader: PartyId;
  readonly manifest: NetworkManifest;
  masks: HolderKeys | undefined;
}

/**
 * A node's side of the change from one epoch to the next. It deals its own shares, takes in what it is dealt, and says that it is ready only for what it
 * holds durably itself; with the words of all new members the new epoch counts, here at once and elsewhere as soon as they hear of it.
 */
export class EpochMember {
  readonly #input: { self: PartyId; host: EpochHost; store: EpochStore; runner: ProtocolRunner; entries: PendingEntries; signAs: SignAs; clock: Clock; rng: Rng; log: Logger; faults?: FaultHook };
  /** Steps that move the stored state come one after the other. */
  readonly #mutex = new Mutex();
  #attempt: Attempt | undefined;
  /** A commit that was begun here; its end may be missing when the database went away. */
  #unfinished: { readonly certificate: EpochCertificate; readonly from: readonly StoredEpoch['state'][] } | undefined;

  constructor(input: { self: PartyId; host: EpochHost; store: EpochStore; runner: ProtocolRunner; entries: PendingEntries; signAs: SignAs; clock: Clock; rng: Rng; log: Logger; faults?: FaultHook }) {
    this.#input = input;
  }

  readonly handlers: EpochHandlers = {
    'epoch.status': async () => await this.#status(),
    'epoch.begin': async (from, body) => await this.#mutex.run(() => this.#begin(from, body)),
    'epoch.masks': async (from, body) => await this.#masks(this.#led(from, body.attempt), body),
    'epoch.rows': async (from, body) => await this.#rows(this.#led(from, body.attempt), body),
    'epoch.key': async (from, body) => await this.#key(this.#led(from, body.attempt), body),
    'epoch.close': async (from, body) => this.#close(this.#led(from, body.attempt)),
    'epoch.reopen': async (from, body) => {
      this.#led(from, body.attempt);
      this.#input.host.current()?.node.registrar.reopen();
      return {};
    },
    'epoch.ready': async (from, body) => await this.#mutex.run(() => this.#ready(this.#led(from, body.attempt), body)),
    'epoch.commit': async (_from, body) => await this.commit(body, ['signed', 'preparing']),
    'epoch.stop': async (_from, body) => await this.#mutex.run(() => this.#stop(body)),
    'epoch.erased': async (_from, body) => await this.#erased(body),
  };

  async #status(): Promise<EpochAnswer<'epoch.status'>> {
    const { host, store } = this.#input;
    const current = host.current()?.node.network;
    const proposal = host.proposal();
    const stored = await store.load();
    const open = stored.find((entry): entry is StoredEpoch & { state: Exclude<StoredEpoch['state'], 'committed'> } => entry.state !== 'committed');
    const served = stored.find(({ epoch }) => epoch === current?.epoch)?.certificate;
    return {
      epoch: current?.epoch ?? 0,
      ...(proposal && proposal.epoch > (current?.epoch ?? 0) && { next: manifestDigest(proposal) }),
      ...(open && { open: { epoch: open.epoch, attempt: open.attempt, state: open.state } }),
      ...(served && { certificate: served }),
    };
  }

  async #begin(from: PartyId, { attempt, to, manifest, dealers, threshold }: EpochBody<'epoch.begin'>): Promise<Record<string, never>> {
    const { host, store, self } = this.#input;
    const proposal = host.proposal();
    if (!proposal || proposal.epoch !== to || manifestDigest(proposal) !== manifest) throw new BoopError('epoch.not-approved', 'this node has not approved that manifest', { kind: 'peer' });
    const current = host.current()?.node.network;
    if (current && (to !== current.epoch + 1 || proposal.networkId !== current.networkId || threshold !== current.threshold)) throw new BoopError('epoch.not-next', 'epochs follow one another', { kind: 'peer' });
    if (current && host.current()!.node.ring.isRollingOver) throw rollingOver();
    if (from !== dealers[0] || (dealers.includes(self) && !current)) throw new BoopError('epoch.not-led', 'the lowest dealer leads', { kind: 'peer' });
    const receivers = proposal.members.map(({ party }) => party as PartyId);
    const stored = (await store.load()).find(({ epoch }) => epoch === to);
    // A certificate may exist somewhere: the attempt has to be stopped everywhere first.
    if (stored?.state === 'signed') throw new BoopError('epoch.unsettled', 'an earlier attempt is not settled', { kind: 'peer' });
    this.#forget();
    await store.begin(to, attempt, proposal);
    this.#attempt = { id: attempt, leader: from, manifest: proposal, dealers: dealers as PartyId[], dealerThreshold: threshold, receivers, receiverThreshold: proposal.threshold, masks: undefined };
    return {};
  }

  async #masks(attempt: Attempt, { runId }: EpochBody<'epoch.masks'>): Promise<Record<string, never>> {
    const { runner, self, rng } = this.#input;
    const { dealers: parties, dealerThreshold: threshold } = attempt;
    const context = lengthPrefixed(utf8('epoch'), this.#context(attempt));
    attempt.masks = await runner.run(runId, parties, () => agreeHolderKeys({ self, parties, threshold, context }, rng), runTimeoutMs);
    return {};
  }

  async #rows(attempt: Attempt, { runId, certificates, erasures }: EpochBody<'epoch.rows'>): Promise<Record<string, never>> {
    const { host, runner, self, rng, faults = noFaults } = this.#input;
    const { dealers, receivers, manifest } = attempt;
    const records = certificates.map(({ record }) => record);
    const statistic = statisticOf(records[0]!.encoder);
    const count = records.reduce((sum, { positions }) => sum + positions.length, 0) * statistic.coordinates;
    const share = dealers.includes(self) ? await this.#ownShares(certificates, erasures) : undefined;
    // Replacements, and what custodians signed under keys of an earlier epoch, stand by the word of all dealers: the context of the run names them.
    for (const { cause } of erasures) if (!('replacedBy' in cause) && cause.signed.method !== 'custodians') verifyPalmErasure(cause, manifest);
    const context = lengthPrefixed(this.#context(attempt), ...records.map((record) => canonicalJson(record)), canonicalJson(erasures));
    const input = { ...sidesOf(attempt), self, p: statistic.p, count, runId, context, prf: opensslCtr, ...(share && { share, keys: attempt.masks! }) };
    const participants = [...new Set([...dealers, ...receivers])].sort((a, b) => a - b);
    try {
      const fresh = await runner.run(runId, participants, () => reshare(input, rng), runTimeoutMs);
      if (!fresh) return {};
      const target = await host.sharesOf(manifest.epoch);
      const shares = balanceShares(fresh, statistic);
      fresh.fill(0);
      let at = 0;
      const registrations = certificates.map((certificate) => {
        const erased = erasures.find(({ splitHash }) => splitHash === certificate.record.splitHash)?.cause;
        return { record: certificate.record, certificate, shares: shares.slice(at, (at += certificate.record.positions.length)), ...(erased && { erased }) };
      });
      await guarded(faults, 'epoch.rows', () => target.gallery.addCommitted(registrations));
      for (const row of shares) row.fill(0);
      return {};
    } finally {
      share?.fill(0);
    }
  }

  /** This node's own rows of these registrations; what the leader says about them must be what is stored here. */
  async #ownShares(certificates: readonly RegistrationCertificate[], erasures: EpochBody<'epoch.rows'>['erasures']): Promise<Uint16Array> {
    const current = this.#input.host.current()!;
    const first = certificates[0]!.record.firstSlot;
    const own = await current.shares.gallery.page(first, certificates.length);
    const same = own.length === certificates.length && own.every(({ record, erased }, at) => {
        const told = erasures.find(({ splitHash }) => splitHash === record.splitHash)?.cause;
        return equalBytes(canonicalJson(record), canonicalJson(certificates[at]!.record)) && equalBytes(canonicalJson(erased ?? null), canonicalJson(told ?? null));
      });
    if (!same) throw new BoopError('epoch.other-rows', 'this node has other registrations there', { kind: 'peer' });
    const rows = own.flatMap(({ shares }) => shares);
    const joined = joinShares(rows, current.node.gallery.statistic);
    for (const row of rows) row.fill(0);
    return joined;
  }

  async #key(attempt: Attempt, { runId, name, old: publicSide }: EpochBody<'epoch.key'>): Promise<Record<string, never>> {
    const { host, runner, self, signAs, rng, faults = noFaults } = this.#input;
    const { manifest, receivers, id } = attempt;
    const current = host.current();
    const old = parseGroupKey(publicSide);
    const share = current?.node.ring.get(name);
    if (old.name !== name || (share && !equalBytes(serializeGroupKey(share.group), publicSide))) throw new BoopError('epoch.other-key', 'this node has another key of that name', { kind: 'peer' });
    const dealers = attempt.dealers.slice(0, old.threshold);
    const participants = [...new Set([...dealers, ...receivers])].sort((a, b) => a - b);
    if (!participants.includes(self)) return {};
    const [before, after] = [current && memberVerifier(current.node.network.manifest), memberVerifier(manifest)];
    const input = {
      self,
      old,
      ...(dealers.includes(self) && { share: share! }),
      dealers,
      receivers,
      threshold: signersNeeded(name, receivers.length, manifest.threshold),
      epoch: toEpoch(manifest.epoch),
      context: lengthPrefixed(this.#context(attempt), utf8(name)),
      sign: (bytes: Uint8Array) => signAs(receivers.includes(self) ? manifest : current!.node.network.manifest, bytes),
      // A dealer that leaves is in the old manifest alone, a custodian that joins in the new one.
      verify: (party: PartyId, bytes: Uint8Array, signature: Uint8Array) => after.verify(party, bytes, signature) || (dealers.includes(party) && (before?.verify(party, bytes, signature) ?? false)),
    };
    const { share: fresh } = await runner.run(runId, participants, () => reshareKey(input, rng), runTimeoutMs);
    if (!fresh) return {};
    const target = await host.sharesOf(manifest.epoch);
    const serialized = fresh.serialize();
    await guarded(faults, 'epoch.key', () => target.keys.put({ name, ceremonyId: id, share: serialized }));
    serialized.fill(0);
    fresh.wipe();
    return {};
  }

  #close(_attempt: Attempt): EpochAnswer<'epoch.close'> {
    const current = this.#input.host.current();
    if (!current) throw new BoopError('epoch.unknown', 'this node has yet to join', { kind: 'unavailable' });
    const { registrar, gallery, sync } = current.node;
    registrar.close(closedMs);
    if (registrar.pendingId !== undefined) void sync.settle();
    return { head: gallery.head, pending: registrar.pendingId !== undefined };
  }

  async #ready(attempt: Attempt, { head, time }: EpochBody<'epoch.ready'>): Promise<EpochAnswer<'epoch.ready'>> {
    const { host, store, signAs, clock, self } = this.#input;
    const { manifest, id } = attempt;
    const refuse = (message: string): never => {
      throw new BoopError('epoch.not-ready', message, { kind: 'peer' });
    };
    const current = host.current();
    if (current?.node.ring.isRollingOver) throw rollingOver();
    const target = await host.sharesOf(manifest.epoch);
    const fresh = await target.gallery.head();
    if (fresh.rows !== head.rows || fresh.digest !== head.digest) refuse('rows are missing here');
    if (current) {
      const { gallery, registrar } = current.node;
      if (!registrar.isClosed || registrar.pendingId !== undefined || gallery.head.digest !== head.digest || gallery.head.rows !== head.rows) refuse('registrations go on here');
    }
    const keys = (await target.keys.load()).map(({ name, ceremonyId, share }) => {
      const parsed = KeyShare.parse(share);
      share.fill(0);
      parsed.wipe();
      return { name, mine: equalBytes(ceremonyId, id) && parsed.self === self, group: parsed.group };
    });
    const groups = groupKeyNames.map((name) => keys.find((key) => key.name === name && key.mine)?.group ?? refuse('key shares are missing here'));
    if (Math.abs(time - clock.nowMs() / 1000) > clockSkewSeconds) refuse('the time is not now');
    const from = current?.node.network.epoch ?? manifest.epoch - 1;
    const readiness: EpochReadiness = { v: 1, networkId: manifest.networkId, from, to: manifest.epoch, manifest: manifestDigest(manifest), attempt: toBase64Url(id), head, keys: keysHash(groups), time };
    await store.move(manifest.epoch, id, ['preparing', 'signed'], 'signed');
    return { readiness, signature: toBase64Url(signAs(manifest, readyBytes(readiness))) };
  }

  /**
   * With the words of all new members the epoch counts. May be repeated.
   * @param from states in which it may be; a node that has stopped commits only when it has found another one that has
   * @throws BoopError `epoch.certificate`, `epoch.other-attempt`
   */
  async commit(certificate: EpochBody<'epoch.commit'>, from: readonly StoredEpoch['state'][]): Promise<EpochAnswer<'epoch.commit'>> {
    return await this.#mutex.run(() => this.#commit(certificate, from));
  }

  /** Takes up a commit that broke off. @returns whether there was one */
  async resume(): Promise<boolean> {
    const unfinished = this.#unfinished;
    if (unfinished) await this.commit(unfinished.certificate, unfinished.from);
    return unfinished !== undefined;
  }

  /**
   * Leaves with a change that came into force while this node was away, and that has no place for it: it erases what it holds, as whoever takes part in
   * the change does.
   * @param link of the manifest that followed the one this node serves, verified; undefined while it knows of none
   * @returns whether there was one to leave with
   */
  async leave(link: ManifestLink | undefined): Promise<boolean> {
    return await this.#mutex.run(() => this.#leave(link));
  }

  async #leave(link: ManifestLink | undefined): Promise<boolean> {
    const { host, store, self, log } = this.#input;
    const current = host.current()?.node.network;
    if (!current || !link?.certificate) return false;
    const { certificate, proposal } = link;
    const { manifest } = proposal;
    if (manifest.epoch !== current.epoch + 1 || manifest.members.some(({ party }) => party === self)) return false;
    const stored = (await store.load()).find(({ epoch }) => epoch === manifest.epoch);
    // It goes on for as long as sessions of the epoch before may.
    if (stored?.state === 'committed') return false;
    const attempt = fromBase64Url(certificate.readiness.attempt);
    if (!stored || !equalBytes(stored.attempt, attempt)) await store.begin(manifest.epoch, attempt, manifest);
    log.info('this node was let go while it was away', { epoch: manifest.epoch });
    await this.#commit(certificate, ['preparing', 'signed', 'stopped']);
    return true;
  }

  async #commit(certificate: EpochBody<'epoch.commit'>, from: readonly StoredEpoch['state'][]): Promise<EpochAnswer<'epoch.commit'>> {
    const { host, store, entries, signAs, self, log, faults = noFaults } = this.#input;
    const { to, attempt } = certificate.readiness;
    const stored = (await store.load()).find(({ epoch }) => epoch === to);
    this.#unfinished = undefined;
    if (!stored || toBase64Url(stored.attempt) !== attempt || ![...from, 'committed'].includes(stored.state)) throw new BoopError('epoch.other-attempt', 'this node is not at that attempt', { kind: 'peer' });
    checkEpochCertificate(certificate, stored.manifest);
    const entry = epochEntry(certificate.readiness);
    this.#unfinished = { certificate, from };
    if (stored.state !== 'committed') {
      host.current()?.node.registrar.close(Infinity);
      if (stored.manifest.members.some(({ party }) => party === self)) {
        const { keys } = await host.sharesOf(to);
        await guarded(faults, 'epoch.confirm', async () => {
          for (const name of groupKeyNames) await keys.confirm(name, stored.attempt);
        });
      }
      await store.commit(certificate);
      log.info('epoch committed', { epoch: to });
    }
    await entries.stand(entry);
    this.#forget();
    await host.activate(stored.manifest);
    this.#unfinished = undefined;
    return { receipt: toBase64Url(signAs(stored.manifest, entryReceiptBytes(entry))) };
  }

  async #stop({ attempt, to }: EpochBody<'epoch.stop'>): Promise<Record<string, never>> {
    await this.#input.store.move(to, attempt, ['preparing', 'signed', 'stopped'], 'stopped');
    if (this.#attempt && equalBytes(this.#attempt.id, attempt)) this.#forget();
    return {};
  }

  async #erased({ epoch, time }: EpochBody<'epoch.erased'>): Promise<EpochAnswer<'epoch.erased'>> {
    const { host, signAs } = this.#input;
    const network = host.current()?.node.network;
    if (!network || epoch >= network.epoch || !(await host.isErased(epoch))) return { erased: false };
    return { erased: true, receipt: toBase64Url(signAs(network.manifest, entryReceiptBytes(erasureEntry(network.networkId, network.epoch, epoch, time)))) };
  }

  /** @throws BoopError `epoch.other-attempt` */
  #led(from: PartyId, id: Uint8Array): Attempt {
    const attempt = this.#attempt;
    if (!attempt || attempt.leader !== from || !equalBytes(attempt.id, id)) throw new BoopError('epoch.other-attempt', 'no such attempt is led by that node', { kind: 'peer' });
    return attempt;
  }

  #context({ id, manifest }: Attempt): Uint8Array {
    return lengthPrefixed(utf8(manifest.networkId), id, fromBase64Url(manifestDigest(manifest)));
  }

  #forget(): void {
    this.#attempt?.masks?.wipe();
    this.#attempt = undefined;
  }
}

/** The next epoch has shares of the key in use; one that is announced takes over first. */
const rollingOver = (): BoopError => new BoopError('epoch.key-pending', 'another token key is announced', { kind: 'unavailable' });

const sidesOf = ({ dealers, dealerThreshold, receivers, receiverThreshold }: ResharingParties): ResharingParties => ({ dealers, dealerThreshold, receivers, receiverThreshold });
