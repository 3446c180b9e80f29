import { timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsentText, type Position, type RegistrationContext, sessionIdOf, type SignedConsent } from '@boop/identity';
import { describeError, type Logger } from '@boop/platform';
import { envelopeHashes, type NetworkInfo, problemOf, type RegistrationReceipt, type RegistrationSessionView, type SealedSplit, sampleQualityMin, splitHash } from '@boop/protocol';
import { BoopError, type Clock, isBoopError, type Rng, toBase64Url } from '@boop/shared';
import { newId } from '../domain/authentication-request.ts';
import { checkRegistrationAnswer, type VerifyEd25519 } from '../domain/check-answer.ts';
import { checkIncomingSplit } from '../domain/check-split.ts';
import { type Transition } from '../domain/events.ts';
import { beginRun, cancelRegistration, completeRegistration, endsRegistration, expireRegistration, failRun, openRegistration, type Quality, recordConsent, recordSample, type RegistrationRecord, staleRunMs } from '../domain/registration.ts';
import { type NodePool } from '../nodes/node-pool.ts';
import { findRegistration, type StoredRegistration } from './find-registration.ts';
import { type NetworkService } from './network-service.ts';
import { type RegistrationLinkStore } from '../registrations/link-store.ts';
import { assertOpens, secretHashOf } from '../registrations/registration-link.ts';
import { changeRecord } from './optimistic.ts';
import { type RegistrationStore } from './ports.ts';
import { type RateLimits } from './rate-limit.ts';
import { type StageMetrics } from './stage-metrics.ts';

const runTimeoutMs = 30_000;
const settlePollMs = 500;
const sessionLifeSeconds = 15 * 60;
/** Sessions that may be opened in a minute, over all clients of this gateway. */
const sessionsPerMinute = 600;
/** Of these, what one address may open: a hall of kiosks, and nobody who would use up all. */
const sessionsPerAddressDefault = 60;

export interface RegistrationDependencies {
  readonly store: RegistrationStore;
  readonly links: Pick<RegistrationLinkStore, 'find' | 'open'>;
  readonly network: NetworkService;
  readonly nodes: Pick<NodePool, 'registrationLeader' | 'ask' | 'live'>;
  readonly limits: RateLimits;
  /** In a minute; 60, in test networks as many as all may, when undefined. */
  readonly sessionsPerAddress: number | undefined;
  readonly metrics: StageMetrics;
  readonly verify: VerifyEd25519;
  readonly onDecision: () => void;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
}

/** What a client gets at the start of a session and when it comes back. */
export interface RegistrationSession {
  readonly context: RegistrationContext;
  readonly secret: string;
  readonly consentText: ConsentText;
  readonly network: NetworkInfo;
  readonly sampleQualityMin: number;
}

export class RegistrationService {
  readonly #with: RegistrationDependencies;
  readonly #runs = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(dependencies: RegistrationDependencies) {
    this.#with = dependencies;
  }

  /** @throws BoopError `request.rate-limited`, `mpc.nodes-unavailable` */
  async start({ address, ...wish }: { positions?: Position[] | undefined; locale?: string | undefined; address: string }): Promise<RegistrationSession> {
    const { limits, sessionsPerAddress, network, rng, store } = this.#with;
    await limits.take(`registrations/${address}`, sessionsPerAddress ?? (network.manifest.testNetwork ? sessionsPerMinute : sessionsPerAddressDefault));
    await limits.take('registrations', sessionsPerMinute);
    const { session, opening } = this.#begin(newId('reg', rng), wish);
    await store.create(opening);
    return session;
  }

  /**
   * Goes on with a session by its secret, or opens the one of a link by the link's secret. That is possible once: the session has a secret of
   * its own, and its time begins then.
   * @throws BoopError `request.unauthenticated` alike for an unknown session, a wrong secret and a link that was opened before;
   *   `context.cancelled`, `context.expired` for a link
   */
  async resume(id: string, secret: string): Promise<RegistrationSession> {
    const { store, network } = this.#with;
    const found = await store.find(id);
    if (!found) return await this.#openLink(id, secret);
    if (!timingSafeEqual(found.record.secretHash, secretHashOf(secret))) throw noSession();
    const { context, consentText } = found.record;
    return { context, secret, consentText, network: network.info(), sampleQualityMin };
  }

  /** As {@link resume}, and where the session stands. */
  async read(id: string, secret: string): Promise<RegistrationSessionView> {
    const session = await this.resume(id, secret);
    const { record } = (await this.#with.store.find(id))!;
    const { state, samples, receipt } = record;
    const byPosition = Object.fromEntries(Object.entries(samples).map(([position, indexes]) => [position, [...indexes]]));
    return { ...session, state, samples: byPosition, ...(receipt && { receipt }) };
  }

  /** @throws BoopError `request.unauthenticated` unless the secret is that of an opened session */
  async assertOwn(id: string, secret: string): Promise<void> {
    const found = await this.#with.store.find(id);
    if (!found || !timingSafeEqual(found.record.secretHash, secretHashOf(secret))) throw noSession();
  }

  async consent(id: string, consent: SignedConsent): Promise<void> {
    await this.#change(id, (record) => recordConsent(record, consent, this.#with.clock.nowMs()));
  }

  async sample(id: string, sample: { position: Position; index: number; quality: Quality }): Promise<{ accepted: boolean; remaining: number }> {
    const { accepted, remaining } = await this.#change(id, (record) => recordSample(record, sample, this.#with.clock.nowMs()));
    return { accepted, remaining };
  }

  async cancel(id: string): Promise<void> {
    await this.#change(id, (record) => cancelRegistration(record, this.#with.clock.nowMs()));
  }

  /**
   * Checks the split and starts the nodes' run, whose outcome comes as `registration_succeeded` or `registration_failed`.
   * @throws BoopError what can be told at once: `consent.missing`, `registration.incomplete`, `share.*`, `split.*`, `mpc.nodes-unavailable`
   */
  async complete(id: string, split: SealedSplit): Promise<void> {
    await this.#startRun(id, split);
  }

  /**
   * As {@link complete}, and waits for the outcome.
   * @throws BoopError what the nodes refuse for; `mpc.*` when nothing is stored, or that can't be told yet
   */
  async completed(id: string, split: SealedSplit): Promise<RegistrationReceipt> {
    const { run } = await this.#startRun(id, split);
    const failure = await run;
    const receipt = (await this.#with.store.find(id))?.record.receipt;
    if (receipt) return receipt;
    throw failure ?? new BoopError('mpc.aborted', 'the nodes broke off', { kind: 'unavailable', retryAllowed: true });
  }

  async #startRun(id: string, split: SealedSplit): Promise<{ run: Promise<unknown> }> {
    const { store, network, nodes, clock } = this.#with;
    const found = await store.find(id);
    if (!found) throw new BoopError('request.not-found', 'there is no such registration');
    const { context } = found.record;
    beginRun(found.record, split, clock.nowMs());
    if (split.header.splitAt !== 'edge') throw new BoopError('split.gateway-not-allowed', 'a registration is split on the device');
    checkIncomingSplit(split, { manifest: network.manifestOf(split.header.epoch), purpose: 'registration', sessionId: sessionIdOf(context), operatingPoint: context.operatingPoint });
    const leader = nodes.registrationLeader();
    const { record } = await this.#change(id, (current) => beginRun(current, split, clock.nowMs()));
    const run = this.#run(record, split, leader).finally(() => this.#runs.delete(run));
    this.#runs.add(run);
    return { run };
  }

  /** Ends sessions whose time is over, and runs whose end nobody waits for any more as the nodes have stored it. */
  async expireDue(): Promise<void> {
    const { store, clock } = this.#with;
    const nowMs = clock.nowMs();
    for (const { record, version } of await store.due(nowMs, 100)) {
      if (record.state === 'running') await this.#settle(record, undefined, new BoopError('mpc.aborted', 'the nodes broke off', { kind: 'unavailable', retryAllowed: true }));
      else await store.save(version, expireRegistration(record, nowMs));
    }
  }

  /** Resolves when no run is under way. What became of others is found out after the next start. */
  async settled(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([...this.#runs]);
  }

  async #openLink(id: string, secret: string): Promise<RegistrationSession> {
    const { links, clock } = this.#with;
    const link = await links.find(id);
    if (!link) throw noSession();
    assertOpens(link, secret, clock.nowMs());
    const { session, opening } = this.#begin(id, link, link.creator.role === 'vendor' ? link.creator.id : undefined);
    if (!(await links.open(id, opening))) throw noSession();
    return session;
  }

  #begin(registrationId: string, wish: { positions?: readonly Position[] | undefined; locale?: string | undefined }, vendorId?: string): { session: RegistrationSession; opening: Transition<RegistrationRecord> } {
    const { network, clock, rng } = this.#with;
    const info = network.info();
    const consentText = chooseText(network.manifest.consentTexts, wish.locale);
    const nowMs = clock.nowMs();
    const issuedAt = Math.floor(nowMs / 1000);
    const context: RegistrationContext = {
      v: 1,
      kind: 'registration',
      networkId: network.manifest.networkId,
      registrationId,
      positions: [...new Set(wish.positions ?? (['left-palm', 'right-palm'] as const))],
      samplesPerPosition: 3,
      consentVersion: consentText.version,
      operatingPoint: network.manifest.defaultOperatingPoint,
      nonce: toBase64Url(rng.bytes(16)),
      issuedAt,
      expiresAt: issuedAt + sessionLifeSeconds,
    };
    const secret = toBase64Url(rng.bytes(32));
    const opening = openRegistration({ secretHash: secretHashOf(secret), ...(vendorId === undefined ? {} : { vendorId }), context, consentText, nowMs });
    return { session: { context, secret, consentText, network: info, sampleQualityMin }, opening };
  }

  /** @returns why nothing is stored, as far as this run could tell; undefined when something is */
  async #run(record: RegistrationRecord, split: SealedSplit, leader: number): Promise<unknown> {
    const { nodes, network, verify, clock, log } = this.#with;
    const { id, context } = record;
    const manifest = network.manifestOf(split.header.epoch);
    const consent = record.consent!;
    try {
      const answer = await nodes.ask(leader, 'registration.run', { context, consent, split }, runTimeoutMs);
      const stored = { consent, splitHash: splitHash({ header: split.header, hashes: envelopeHashes(split) }) };
      const checked = checkRegistrationAnswer(answer, { sessionId: sessionIdOf(context), ...stored, manifest, verify });
      await this.#complete(record, { verified: answer.verified, ...checked }, answer.stages);
      return undefined;
    } catch (error) {
      const isRefused = isBoopError(error) && error.kind === 'rejected';
      if (!isRefused) log.warn('the answer to a registration is missing', { registration: id, leader, error: describeError(error) });
      // What is there already, or replaced already, may be so by this very registration, stored by a run whose answer was lost.
      if (isRefused && !endsRegistration(error.code)) {
        await this.#fail(record, error);
        return error;
      }
      const { signal } = this.#closing;
      const deadlineMs = record.runningSinceMs! + staleRunMs;
      // From then on the job goes on asking.
      while (!(await this.#settle(record, leader, error)) && clock.nowMs() < deadlineMs && !signal.aborted) await sleep(settlePollMs, undefined, { signal }).catch(() => undefined);
      return error;
    }
  }

  /**
   * Ends a run as the nodes have stored it. May be repeated.
   * @param error why it failed, if nothing is stored
   * @returns false while that can't be told
   */
  async #settle(record: RegistrationRecord, leader: number | undefined, error: unknown): Promise<boolean> {
    const { nodes, network, verify, log } = this.#with;
    try {
      const found = await findRegistration(record, { nodes, manifest: network.manifest, verify, leader });
      if (found === 'open') return false;
      if (found === 'none') await this.#fail(record, error);
      else await this.#complete(record, found, {});
      return true;
    } catch (cause) {
      if (isBoopError(cause) && cause.code === 'context.decided') return true;
      log.error('the end of a registration could not be stored', { registration: record.id, error: describeError(cause) });
      return false;
    }
  }

  async #complete({ id, runningSinceMs }: RegistrationRecord, { verified, outbox, consent }: StoredRegistration, stages: Record<string, number>): Promise<void> {
    const { metrics, clock, log, onDecision } = this.#with;
    const durationMs = clock.nowMs() - (runningSinceMs ?? clock.nowMs());
    await this.#change(id, (current) => completeRegistration(current, { verified, outbox, consent, entryText: toBase64Url(outbox.entry) }, clock.nowMs()));
    onDecision();
    metrics.observe('registration', 'ok', durationMs, stages);
    log.info('registration stored', { registration: id, verified, durationMs });
  }

  async #fail({ id, runningSinceMs }: RegistrationRecord, error: unknown): Promise<void> {
    const { metrics, clock, log } = this.#with;
    const { code, detail, title, retryAllowed } = problemOf(error);
    metrics.observe('registration', code, clock.nowMs() - (runningSinceMs ?? clock.nowMs()), {});
    log.info('registration failed', { registration: id, outcome: code });
    await this.#change(id, (current) => failRun(current, { code, message: detail ?? title, retryAllowed }, clock.nowMs())).catch((cause: unknown) => {
      log.error('a failed registration could not be stored', { registration: id, error: describeError(cause) });
    });
  }

  #change<Step extends Transition<RegistrationRecord>>(id: string, decide: (record: RegistrationRecord) => Step): Promise<Step> {
    const { store } = this.#with;
    return changeRecord({ find: () => store.find(id), decide, save: (version, step) => store.save(version, step) });
  }
}

export const noSession = (): BoopError => new BoopError('request.unauthenticated', 'there is no such registration session');

/** The text in the wished language (RFC 4647 lookup on the primary subtag), else the network's first. */
function chooseText(texts: readonly ConsentText[], locale: string | undefined): ConsentText {
  const primary = (tag: string): string => tag.toLowerCase().split('-')[0]!;
  const exact = texts.find((text) => locale !== undefined && text.locale.toLowerCase() === locale.toLowerCase());
  return exact ?? texts.find((text) => locale !== undefined && primary(text.locale) === primary(locale)) ?? texts[0]!;
}
