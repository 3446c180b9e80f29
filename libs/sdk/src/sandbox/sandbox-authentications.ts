import { sha256 } from '@noble/hashes/sha2.js';
import { score, type Template } from '@boop/biometric';
import { type AuthenticationContext, contextTimeoutSeconds, sessionIdOf } from '@boop/identity';
import { type Authentication, type AuthenticationReason, type CaptureFailure, type CreateAuthentication, type LogEntry, type SealedSplit } from '@boop/protocol';
import { BoopError, canonicalJson, type Clock, type Rng, toBase64Url, utf8 } from '@boop/shared';
import { tokenHash } from '../log/receipts.ts';
import { type EventStreams } from './event-streams.ts';
import { caseOf, type SandboxCase } from './magic-palms.ts';
import { type SandboxNetwork, sandboxUrl } from './sandbox-network.ts';

export const sandboxVendorId = 'sandbox-vendor';
export const sandboxTerminalId = 'sandbox-terminal';

interface Open {
  readonly context: AuthenticationContext;
  readonly request: CreateAuthentication;
  view: Authentication;
}

/** Contexts of the sandbox's one vendor: palms with a part play it, all others match whoever registered. */
export class SandboxAuthentications {
  readonly #network: SandboxNetwork;
  readonly #streams: EventStreams;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #references: Template[] = [];
  readonly #open = new Map<string, Open>();

  constructor(parts: { network: SandboxNetwork; streams: EventStreams; clock: Clock; rng: Rng }) {
    this.#network = parts.network;
    this.#streams = parts.streams;
    this.#clock = parts.clock;
    this.#rng = parts.rng;
  }

  /** The template that everybody is compared to from now on. */
  enrol(reference: Template): void {
    this.#references.push(reference);
  }

  /** Whether this palm is registered, or its part says so. */
  knows(template: Template): boolean {
    return caseOf(template, this.#network.theta) === 'duplicate' || this.#references.some((reference) => this.#same(reference, template));
  }

  /** @throws BoopError `request.conflict` when the id names another context */
  create(request: CreateAuthentication): Authentication {
    const id = request.contextId ?? `ctx_${toBase64Url(this.#rng.bytes(16))}`;
    const known = this.#open.get(id);
    if (known && toBase64Url(canonicalJson(known.request)) !== toBase64Url(canonicalJson(request))) throw new BoopError('request.conflict', 'this id names another context');
    if (known) return this.get(id);
    const { type, terminalId, subject, amount, currency, nonce = toBase64Url(this.#rng.bytes(16)), timeout, policy, contextId: _, ...occasion } = request;
    const issuedAt = Math.floor(this.#clock.nowMs() / 1000);
    const { networkId, defaultOperatingPoint } = this.#network.info;
    const money = { ...(amount === undefined ? {} : { amount }), ...(currency === undefined ? {} : { currency }) };
    const place = terminalId === undefined ? {} : { terminalId };
    const context: AuthenticationContext = {
      v: 1, kind: 'authentication', networkId, contextId: id, issuer: sandboxUrl, vendorId: sandboxVendorId, sector: 'sandbox.boop.invalid', type, nonce, ...place, ...(subject === undefined ? {} : { subject }), ...money,
      policy: { operatingPoint: policy?.operatingPoint ?? defaultOperatingPoint, acceptUnverified: policy?.acceptUnverified ?? true, acceptGatewaySplit: policy?.acceptGatewaySplit ?? true, ...(policy?.livenessLevel === undefined ? {} : { livenessLevel: policy.livenessLevel }) },
      issuedAt, expiresAt: issuedAt + Math.min(timeout ?? Infinity, contextTimeoutSeconds[type]),
    };
    const view: Authentication = {
      id, status: 'pending', type, nonce, sessionId: sessionIdOf(context), ...place, ...money, ...occasion,
      createdAt: isoTime(issuedAt), expiresAt: isoTime(context.expiresAt), link: `${sandboxUrl}/a/${encodeURIComponent(id)}`,
    };
    this.#open.set(id, { context, request, view });
    if (terminalId === sandboxTerminalId) this.#streams.append('terminal', { type: 'authentication_requested', context });
    const timer: unknown = setTimeout(() => this.#expire(id), context.expiresAt * 1000 - this.#clock.nowMs());
    // Where timers keep a process alive, this one shall not.
    (timer as { unref?: () => void }).unref?.();
    return view;
  }

  /** @throws BoopError `request.not-found` */
  get(id: string): Authentication {
    this.#expire(id);
    return this.#find(id).view;
  }

  /** @throws BoopError `request.not-found`, `context.decided`, `context.expired` */
  cancel(id: string): Authentication {
    const open = this.#pending(id);
    open.view = { ...open.view, status: 'cancelled' };
    this.#streams.append('vendor', { type: 'context_cancelled', contextId: id });
    this.#endTerminal(open, 'timeout', false);
    return open.view;
  }

  /** A terminal presents a split. @throws BoopError `request.not-found`, `context.*`, `mpc.nodes-unavailable`, `share.*` */
  async present(id: string, split: SealedSplit): Promise<Authentication> {
    const { context } = this.#pending(id);
    if (split.header.sessionId !== sessionIdOf(context)) throw new BoopError('share.wrong-session', 'the share was sealed for another session or purpose');
    const [template] = await this.#network.open(split);
    const part = caseOf(template!, this.#network.theta);
    const registered = this.#references.find((reference) => this.#same(reference, template!));
    return this.play(id, part ?? (registered ? 'match' : 'no-match'), registered && toBase64Url(sha256(Uint8Array.from(registered.values, (value) => value & 0xff))));
  }

  /** What happens to a context when such a palm is shown. @param person tells people apart in `sub` */
  play(id: string, part: SandboxCase, person: string = part): Authentication {
    const open = this.#pending(id);
    switch (part) {
      case 'match':
      case 'duplicate':
        return this.#decide(open, person);
      case 'no-match':
        return this.#decide(open, undefined);
      case 'liveness-failure':
        return this.#fail(open, 'liveness');
      case 'node-down':
        throw new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable', retryAllowed: true });
      case 'timeout':
        return open.view;
    }
  }

  /** @throws BoopError `request.not-found`, `context.*` */
  failCapture(id: string, reason: CaptureFailure): Authentication {
    return this.#fail(this.#pending(id), reason);
  }

  #decide(open: Open, person: string | undefined): Authentication {
    const { context } = open;
    const time = Math.floor(this.#clock.nowMs() / 1000);
    const found = person && toBase64Url(sha256(utf8(`${context.sector}/${person}`)));
    const sub = context.subject === undefined || context.subject === found ? found : undefined;
    const idToken = sub && this.#network.token(context, sub, time);
    const entry: LogEntry = {
      v: 1, networkId: context.networkId, epoch: 1, time, kind: 'authentication', session: sessionIdOf(context), verified: idToken !== undefined,
      ...(idToken === undefined ? { decision: 'rejected' } : { decision: 'accepted', token: tokenHash(idToken) }),
    };
    const reason: AuthenticationReason = idToken === undefined ? 'no-match' : 'ok';
    const token = idToken === undefined ? {} : { idToken };
    const result = { reason, retryAllowed: idToken === undefined, verified: idToken !== undefined, ...token, ...this.#network.log(entry), decidedAt: isoTime(time) };
    open.view = { ...open.view, status: idToken === undefined ? 'failed' : 'succeeded', result };
    this.#tell(open, reason, result.retryAllowed);
    return open.view;
  }

  #fail(open: Open, reason: CaptureFailure): Authentication {
    open.view = { ...open.view, status: 'failed' };
    this.#tell(open, reason, true);
    return open.view;
  }

  #tell(open: Open, reason: AuthenticationReason, retryAllowed: boolean): void {
    const { view: authentication } = open;
    this.#streams.append('vendor', reason === 'ok' ? { type: 'authentication_success', authentication } : { type: 'authentication_failed', contextId: authentication.id, reason, retryAllowed, authentication });
    this.#endTerminal(open, reason, retryAllowed);
  }

  #endTerminal({ context }: Open, reason: AuthenticationReason, retryAllowed: boolean): void {
    this.#streams.append('terminal', { type: 'authentication_ended', contextId: context.contextId, reason, retryAllowed });
  }

  #expire(id: string): void {
    const open = this.#open.get(id);
    if (open?.view.status !== 'pending' || this.#clock.nowMs() < open.context.expiresAt * 1000) return;
    open.view = { ...open.view, status: 'expired' };
    this.#streams.append('vendor', { type: 'context_expired', contextId: id });
    this.#endTerminal(open, 'timeout', false);
  }

  #find(id: string): Open {
    const open = this.#open.get(id);
    if (!open) throw new BoopError('request.not-found', 'there is no such context');
    return open;
  }

  #pending(id: string): Open {
    this.#expire(id);
    const open = this.#find(id);
    if (open.view.status === 'expired') throw new BoopError('context.expired', 'the context has expired');
    if (open.view.status !== 'pending') throw new BoopError('context.decided', 'the context has had its decision');
    return open;
  }

  #same = (a: Template, b: Template): boolean => score(a, b) >= this.#network.theta;
}

const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();
