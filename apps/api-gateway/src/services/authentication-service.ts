import { livenessLevelOf, parseTokenClaims, type SigningKey } from '@boop/identity';
import { describeError, type Logger } from '@boop/platform';
import { type CaptureFailure, type CreateAuthentication, type Probe, type SealedSplit, type NetworkManifest } from '@boop/protocol';
import { BoopError, type Clock, type Rng, toBase64Url } from '@boop/shared';
import { type AttemptLimits, checkAttempts } from '../attempts/attempt-limits.ts';
import { type AttemptStore } from '../attempts/attempt-store.ts';
import { beginProbe, cancelAuthentication, decideProbe, expireAuthentication, failCapture, failUndecided, openAuthentication, releaseProbe, requestedEvents, type UndecidedReason } from '../domain/authentication.ts';
import { type AuthenticationRecord } from '../domain/authentication-record.ts';
import { buildContext, type LoginRequest, requestHashOf } from '../domain/authentication-request.ts';
import { checkAuthenticationAnswer, checkMissing, type VerifyEd25519 } from '../domain/check-answer.ts';
import { checkIncomingSplit, encoderOf } from '../domain/check-split.ts';
import { type Transition } from '../domain/events.ts';
import { type NodeAnswer } from '../nodes/node-link.ts';
import { type NodePool } from '../nodes/node-pool.ts';
import { splitCapture } from '../nodes/split-capture.ts';
import { sandboxIssuerOf, sandboxNetworkId } from '../sandbox/sandbox-key.ts';
import { type NetworkService } from './network-service.ts';
import { changeRecord } from './optimistic.ts';
import { paidRun, type PaymentPort } from './paid-run.ts';
import { type AuthenticationQuery, type AuthenticationStore, type DirectoryStore, type EventStore, type Terminal, type Versioned } from './ports.ts';
import { type RateLimits } from './rate-limit.ts';
import { type StageMetrics } from './stage-metrics.ts';

const runTimeoutMs = 10_000;

interface Run {
  readonly leader: number;
  readonly terminalId: string;
  /** Of the epoch of the split. */
  readonly manifest: NetworkManifest;
  /** The context as it was saved before the nodes were asked. */
  readonly begun: Versioned<AuthenticationRecord>;
  readonly split: SealedSplit;
}

export interface AuthenticationDependencies {
  readonly store: AuthenticationStore;
  readonly directory: DirectoryStore;
  readonly events: EventStore;
  readonly network: NetworkService;
  readonly nodes: Pick<NodePool, 'assertAvailable' | 'takeTurn' | 'leaderIn' | 'ask'>;
  readonly limits: RateLimits;
  readonly metrics: StageMetrics;
  /** Signs the splits that the gateway makes itself. */
  readonly device: SigningKey;
  readonly verify: VerifyEd25519;
  /** Called after a decision is stored: the outbox has work. */
  readonly onDecision: () => void;
  readonly payments: PaymentPort;
  readonly attempts: Pick<AttemptStore, 'of' | 'ofPerson'>;
  /** Undefined: failed attempts are counted and cost nothing. */
  readonly attemptLimits?: AttemptLimits | undefined;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
}

export class AuthenticationService {
  readonly #with: AuthenticationDependencies;

  constructor(dependencies: AuthenticationDependencies) {
    this.#with = dependencies;
  }

  /**
   * Opens a context; the same id with the same request gives the context that is there.
   * @throws BoopError `request.malformed`, `request.forbidden`, `request.rate-limited`, `idempotency.other-body`, `mpc.nodes-unavailable`
   */
  async create(vendorId: string, request: CreateAuthentication, login?: LoginRequest): Promise<{ record: AuthenticationRecord; created: boolean }> {
    const { store, directory, network, nodes, limits, clock, rng } = this.#with;
    const vendor = await directory.vendor(vendorId);
    if (!vendor) throw new BoopError('request.forbidden', 'the vendor is not active');
    if (vendor.suspended) throw new BoopError('vendor.suspended', 'the vendor is suspended');
    const requestHash = requestHashOf(request);
    const earlier = request.contextId === undefined ? undefined : await store.find(vendorId, request.contextId);
    if (earlier) return { record: sameRequest(earlier.record, requestHash), created: false };

    await limits.take(`authentications/${vendorId}`, vendor.authenticationsPerMinute);
    if (request.terminalId !== undefined) await this.#terminalOf(request.terminalId, vendorId);
    const nowMs = clock.nowMs();
    if (vendor.sandbox && login) throw new BoopError('request.forbidden', 'keys of the sandbox are for the sandbox');
    const { manifest, issuer } = vendor.sandbox ? { manifest: { ...network.manifest, networkId: sandboxNetworkId }, issuer: sandboxIssuerOf(network.issuer) } : network;
    const context = buildContext({ request, vendor, manifest, issuer, nowMs, rng, login });
    // A context that nobody could decide is refused at once instead of running into its timeout.
    if (!vendor.sandbox) nodes.assertAvailable();
    const link = `${network.urls.console}/authenticate/${encodeURIComponent(vendorId)}/${encodeURIComponent(context.contextId)}`;
    const transition = openAuthentication({ request, requestHash, context, link, nowMs });
    if (await store.create(transition)) return { record: transition.record, created: true };
    const winner = await store.find(vendorId, context.contextId);
    if (!winner) throw new BoopError('request.conflict', 'the context id is taken');
    return { record: sameRequest(winner.record, requestHash), created: false };
  }

  /** A vendor's contexts, newest first. */
  list(vendorId: string, query: AuthenticationQuery, limit: number): Promise<AuthenticationRecord[]> {
    return this.#with.store.list(vendorId, query, limit);
  }

  /** @throws BoopError `request.not-found` */
  async get(vendorId: string, id: string): Promise<AuthenticationRecord> {
    const found = await this.#with.store.find(vendorId, id);
    if (!found) throw notFound();
    return found.record;
  }

  async cancel(vendorId: string, id: string): Promise<AuthenticationRecord> {
    return (await this.#change(vendorId, id, (record) => cancelAuthentication(record, this.#with.clock.nowMs()))).record;
  }

  /** @throws BoopError `request.not-found` when the context is of another vendor or for another terminal */
  async getForTerminal(terminalId: string, id: string): Promise<AuthenticationRecord> {
    return (await this.#foundFor(await this.#terminal(terminalId), id)).record;
  }

  /**
   * Runs one probe to its decision. Whatever fails before a decision leaves the context as it was, so that the terminal may capture
   * again; the same split is never sent twice.
   */
  async probe(terminalId: string, id: string, probe: Probe): Promise<AuthenticationRecord> {
    const { nodes, directory } = this.#with;
    const terminal = await this.#terminal(terminalId);
    const [found, vendor] = await Promise.all([this.#foundFor(terminal, id), directory.vendor(terminal.vendorId)]);
    const open = found.record;
    const attempts = this.#checkAttempts(terminalId, open);
    // Awaited below; what is found before it goes first.
    attempts.catch(() => undefined);
    if (vendor?.sandbox) throw new BoopError('request.forbidden', 'the sandbox takes no captures: present a template');
    beginProbe(open, this.#with.clock.nowMs());
    if (vendor?.suspended !== false) return await this.#refuse(open, terminalId, 'vendor-suspended');
    await attempts;
    const turn = await nodes.takeTurn();
    try {
      return await this.#runInTurn(turn.leader, found, probe, terminal);
    } finally {
      turn.end();
    }
  }

  async #runInTurn(leader: number, found: Versioned<AuthenticationRecord>, probe: Probe, terminal: Terminal): Promise<AuthenticationRecord> {
    const { nodes, network } = this.#with;
    const open = found.record;
    network.groupKey('token');
    const split = await this.#splitOf(probe, open, terminal);
    const manifest = network.manifestOf(split.header.epoch);
    checkIncomingSplit(split, { manifest, purpose: 'authentication', sessionId: open.sessionId, operatingPoint: open.context.policy.operatingPoint });
    const begun = await this.#change(open.vendorId, open.id, (record) => beginProbe(record, this.#with.clock.nowMs()), found);
    try {
      return await this.#run(open, { split, leader: manifest.epoch === network.manifest.epoch ? leader : nodes.leaderIn(manifest), terminalId: terminal.id, manifest, begun });
    } catch (error) {
      this.#with.log.warn('a probe ended without a decision', { session: open.sessionId, leader, error: describeError(error) });
      await this.#change(open.vendorId, open.id, releaseProbe).catch((cause: unknown) => {
        this.#with.log.error('a context could not be released', { session: open.sessionId, error: describeError(cause) });
      });
      throw error;
    }
  }

  /** The terminal gives up on a context. */
  async failCapture(terminalId: string, id: string, reason: CaptureFailure): Promise<void> {
    const { vendorId } = await this.getForTerminal(terminalId, id);
    await this.#change(vendorId, id, (record) => failCapture(record, terminalId, reason, this.#with.clock.nowMs()));
  }

  /** Tells a terminal that connects anew which contexts wait for it. */
  async repeatRequests(terminalId: string): Promise<void> {
    const open = await this.#with.store.openOf(terminalId, this.#with.clock.nowMs());
    const events = open.flatMap(requestedEvents);
    if (events.length) await this.#with.events.append(events);
  }

  /** Marks contexts whose time is over; called by the expiry job. */
  async expireDue(): Promise<void> {
    const nowMs = this.#with.clock.nowMs();
    for (const { record, version } of await this.#with.store.due(nowMs, 100)) await this.#with.store.save(version, expireAuthentication(record, nowMs));
  }

  /** @throws BoopError `attempts.delayed`, `attempts.exhausted` for the terminal, or for the person who is claimed */
  async #checkAttempts(terminalId: string, { vendorId, context: { subject } }: AuthenticationRecord): Promise<void> {
    const { attempts, attemptLimits, clock } = this.#with;
    if (!attemptLimits) return;
    checkAttempts(await attempts.of(terminalId), attemptLimits, clock.nowMs());
    if (subject !== undefined) checkAttempts(await attempts.ofPerson({ vendorId, subject }), attemptLimits, clock.nowMs());
  }

  async #run(open: AuthenticationRecord, run: Run): Promise<AuthenticationRecord> {
    const { split } = run;
    const { nodes, payments, clock } = this.#with;
    const startedMs = clock.nowMs();
    if (open.context.type !== 'payment') return await this.#decide(open, await nodes.ask(run.leader, 'authentication.run', { context: open.context, split }, runTimeoutMs), { ...run, startedMs });
    const paid = await paidRun({ nodes, payments, leader: run.leader, timeoutMs: runTimeoutMs }, open.sessionId, open.context, split);
    if ('refused' in paid) return await this.#refuse(open, run.terminalId, paid.refused);
    const { answer, paymentId } = paid;
    try {
      return await this.#decide(open, answer, { ...run, startedMs, paymentId });
    } catch (error) {
      if (paymentId !== undefined) await payments.abandon(paymentId);
      throw error;
    }
  }

  /** Ends a context for a reason that the nodes don't decide on. */
  async #refuse(open: AuthenticationRecord, terminalId: string, reason: UndecidedReason): Promise<AuthenticationRecord> {
    const { metrics, clock, log, onDecision } = this.#with;
    const { record } = await this.#change(open.vendorId, open.id, (current) => failUndecided(current, terminalId, reason, clock.nowMs()));
    onDecision();
    metrics.observe('authentication', reason, clock.nowMs() - (open.processingSinceMs ?? clock.nowMs()), {});
    log.info('authentication refused', { session: open.sessionId, outcome: reason });
    return record;
  }

  /** Stores what the nodes decided, if it can be believed. */
  async #decide(open: AuthenticationRecord, answer: NodeAnswer<'authentication.run'>, run: Run & { startedMs: number; paymentId?: string | undefined }): Promise<AuthenticationRecord> {
    const { network, metrics, verify, clock, log, onDecision } = this.#with;
    const expected = { context: open.context, sessionId: open.sessionId, split: run.split, manifest: run.manifest, tokenKeys: network.tokenKeys(), verify };
    const outbox = checkAuthenticationAnswer(answer, expected);
    const missing = checkMissing(answer, expected);
    const { accepted, reason, verified, idToken, released } = answer;
    const sub = idToken === undefined ? undefined : parseTokenClaims(idToken).sub;
    const decision = { accepted, reason, verified, idToken, sub, released, missing, outbox, terminalId: run.terminalId, paymentId: run.paymentId, entryText: toBase64Url(outbox.entry) };
    // Money was reserved meanwhile: a context of a payment is read again.
    const known = open.context.type === 'payment' ? undefined : run.begun;
    const { record } = await this.#change(open.vendorId, open.id, (current) => decideProbe(current, decision, clock.nowMs()), known);
    onDecision();
    const durationMs = clock.nowMs() - run.startedMs;
    metrics.observe('authentication', reason, durationMs, answer.stages);
    log.info('authentication decided', { session: open.sessionId, leader: run.leader, outcome: reason, verified, durationMs });
    return record;
  }

  async #splitOf(probe: Probe, { context, sessionId }: AuthenticationRecord, terminal: Terminal): Promise<SealedSplit> {
    const { network, device, rng } = this.#with;
    if ('split' in probe) {
      if (probe.split.header.splitAt !== 'edge' || probe.split.deviceKey !== terminal.deviceKey) throw new BoopError('request.forbidden', 'the split is not signed by this terminal');
      return probe.split;
    }
    if (!context.policy.acceptGatewaySplit) throw new BoopError('split.gateway-not-allowed', 'the policy of this context forbids splitting at the gateway');
    if (livenessLevelOf(context) > 0) throw new BoopError('liveness.missing', 'the gateway checks no liveness: a terminal with a check splits itself');
    const encoder = encoderOf(network.manifest, context.policy.operatingPoint);
    return splitCapture({ ...probe, sessionId, manifest: network.manifest, encoder, device, rng });
  }

  /** @param known as it was read a moment ago: tried first, without reading it again */
  #change(vendorId: string, id: string, decide: (record: AuthenticationRecord) => Transition<AuthenticationRecord>, known?: Versioned<AuthenticationRecord>): Promise<Versioned<AuthenticationRecord>> {
    const { store } = this.#with;
    let first = known;
    const find = async (): Promise<Versioned<AuthenticationRecord> | undefined> => {
      const found = first ?? (await store.find(vendorId, id));
      first = undefined;
      return found;
    };
    return changeRecord({ find, decide, save: (version, step) => store.save(version, step) });
  }

  /** @throws BoopError `request.not-found` as of {@link getForTerminal} */
  async #foundFor({ id: terminalId, vendorId }: Terminal, id: string): Promise<Versioned<AuthenticationRecord>> {
    const found = await this.#with.store.find(vendorId, id);
    if (!found || (found.record.context.terminalId !== undefined && found.record.context.terminalId !== terminalId)) throw notFound();
    return found;
  }

  async #terminal(id: string): Promise<Terminal> {
    const terminal = await this.#with.directory.terminal(id);
    if (!terminal) throw new BoopError('request.forbidden', 'the terminal is not active');
    return terminal;
  }

  async #terminalOf(id: string, vendorId: string): Promise<void> {
    const terminal = await this.#with.directory.terminal(id);
    if (terminal?.vendorId !== vendorId) throw new BoopError('request.forbidden', 'the vendor has no such terminal');
  }
}

const notFound = (): BoopError => new BoopError('request.not-found', 'there is no such context');

function sameRequest(record: AuthenticationRecord, requestHash: string): AuthenticationRecord {
  if (record.requestHash !== requestHash) throw new BoopError('idempotency.other-body', 'the context id was used with another request');
  return record;
}
