import { type AuthenticationContext } from '@boop/identity';
import { entryReceiptBytes, type LogEntry, logEntryBytes, logEntryHash, type NetworkManifest, type SandboxPresentation, type SandboxRegistration, type SandboxRegistrationRequest } from '@boop/protocol';
import { BoopError, type Clock, type Rng, toBase64Url } from '@boop/shared';
import { beginProbe, decideProbe, expireAuthentication, failUndecided, type UndecidedReason } from '../domain/authentication.ts';
import { newId } from '../domain/authentication-request.ts';
import { type AuthenticationRecord } from '../domain/authentication-record.ts';
import { type Transition } from '../domain/events.ts';
import { changeRecord } from '../services/optimistic.ts';
import { type AuthenticationStore, type DirectoryStore } from '../services/ports.ts';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';
import { type SandboxKey, sandboxNetworkId } from './sandbox-key.ts';

export interface SandboxDependencies {
  readonly store: AuthenticationStore;
  readonly directory: Pick<DirectoryStore, 'vendor'>;
  readonly publish: (event: WebhookEvent) => Promise<void>;
  readonly onDecision: () => void;
  readonly key: SandboxKey;
  readonly manifest: NetworkManifest;
  readonly clock: Clock;
  readonly rng: Rng;
}

const undecided: Partial<Record<SandboxPresentation['template'], UndecidedReason>> = {
  'low-quality': 'quality',
  'liveness-failure': 'liveness',
  'device-error': 'device-error',
  'not-consented': 'vendor-not-consented',
  'missing-attributes': 'user-missing-attributes',
  'insufficient-balance': 'insufficient-balance',
};
const noTerminal = 'sandbox';

/** Plays the network for vendors of the sandbox: the same states, events and forms; no node, no gallery, no log, no money. */
export class SandboxService {
  readonly #with: SandboxDependencies;
  constructor(dependencies: SandboxDependencies) {
    this.#with = dependencies;
  }

  /** @throws BoopError `request.not-found`, `context.*`, `mpc.nodes-unavailable` (template `node-down`) */
  async present(vendorId: string, id: string, { template, user }: SandboxPresentation): Promise<AuthenticationRecord> {
    const { store, clock, onDecision } = this.#with;
    await this.#assertSandbox(vendorId);
    const nowMs = clock.nowMs();
    const { record } = await changeRecord({
      find: () => store.find(vendorId, id),
      decide: (current) => this.#outcome(beginProbe(current, nowMs).record, template, user, nowMs),
      save: (version, step) => store.save(version, step),
    });
    onDecision();
    return record;
  }

  /** A registration that is told and not kept: people of the sandbox are there anyway. @throws BoopError `mpc.nodes-unavailable` (template `node-down`) */
  async register(vendorId: string, { template }: SandboxRegistrationRequest): Promise<SandboxRegistration> {
    const { publish, clock, rng } = this.#with;
    await this.#assertSandbox(vendorId);
    if (template === 'node-down') throw nodesDown();
    const registrationId = newId('reg', rng);
    const codes = { new: undefined, duplicate: 'registration.duplicate', 'liveness-failure': 'capture.low-quality' } as const;
    const code = codes[template];
    const registration: SandboxRegistration = { registrationId, status: code === undefined ? 'succeeded' : 'failed', ...(code === undefined ? {} : { code }), retryAllowed: template === 'liveness-failure' };
    await publish({ vendorId, type: `registration.${registration.status}`, data: { registration }, atMs: clock.nowMs() });
    return registration;
  }

  #outcome(open: AuthenticationRecord, template: SandboxPresentation['template'], user: string, nowMs: number): Transition<AuthenticationRecord> {
    if (template === 'node-down') throw nodesDown();
    if (template === 'timeout') return expireAuthentication({ ...open, status: 'pending', expiresAtMs: nowMs }, nowMs);
    const terminalId = open.context.terminalId ?? noTerminal;
    const reason = undecided[template];
    const required = open.context.attributes?.required ?? [];
    // Whoever is presented so has nothing that is asked for.
    if (reason) return failUndecided(open, terminalId, reason, nowMs, reason === 'user-missing-attributes' && required.length > 0 ? required : undefined);
    const { subject, sector, policy } = open.context;
    const isOther = subject !== undefined && subject !== this.#with.key.subjectOf(user, sector);
    const verified = template === 'match';
    const accepted = !isOther && (verified || (template === 'unverified' && policy.acceptUnverified));
    const decided = this.#decision(open.context, open.sessionId, accepted ? { user, verified } : undefined, nowMs);
    const refusal = template === 'unverified' && !isOther ? 'unverified' : 'no-match';
    const transition = decideProbe(open, { ...decided, accepted, verified: accepted && verified, reason: accepted ? 'ok' : refusal, terminalId }, nowMs);
    // Nothing of the sandbox goes to the log.
    return { ...transition, outbox: [] };
  }

  #decision(context: AuthenticationContext, session: string, match: { user: string; verified: boolean } | undefined, nowMs: number) {
    const { key, manifest } = this.#with;
    const { epoch, threshold, members } = manifest;
    const time = Math.floor(nowMs / 1000);
    const token = match && key.token(context, { ...match, nodes: members.length, threshold, epoch, authTime: time });
    const common = { v: 1, networkId: sandboxNetworkId, epoch, time, kind: 'authentication', session } as const;
    const entry = logEntryBytes((token ? { ...common, decision: 'accepted', verified: match.verified, token: logEntryHash(token.signingInput) } : { ...common, decision: 'rejected', verified: false }) as LogEntry);
    const receipts = [{ party: 1, signature: key.sign('boop-sandbox-entry/1', entryReceiptBytes(entry)) }];
    return { ...(token ? { idToken: token.idToken } : {}), outbox: { entry, entryHash: logEntryHash(entry), receipts }, entryText: toBase64Url(entry) };
  }

  /** @throws BoopError `request.forbidden` for a vendor of the real network */
  async #assertSandbox(vendorId: string): Promise<void> {
    if ((await this.#with.directory.vendor(vendorId))?.sandbox !== true) throw new BoopError('request.forbidden', 'this is for keys of the sandbox');
  }
}

const nodesDown = (): BoopError => new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
