import { consentHash, type ConsentText, type Position, type RegistrationContext, sessionIdOf, type SignedConsent, verifyConsent } from '@boop/identity';
import { envelopeHashes, type LogEntry, type NetworkInfo, type RegistrationReceipt, sampleQualityMin, type SealedSplit, splitHash } from '@boop/protocol';
import { BoopError, type Clock, isBoopError, type Rng, toBase64Url } from '@boop/shared';
import { type EventStreams } from './event-streams.ts';
import { caseOf } from './magic-palms.ts';
import { type SandboxAuthentications } from './sandbox-authentications.ts';
import { type SandboxNetwork } from './sandbox-network.ts';

const lifeSeconds = 900;
const consentText: ConsentText = { version: 'sandbox-1', locale: 'en', title: 'Sandbox', text: 'This is a rehearsal: nothing leaves this device.' };

interface Session {
  readonly context: RegistrationContext;
  readonly secret: string;
  readonly samples: Set<string>;
  consent?: SignedConsent;
}

export interface SessionWelcome {
  readonly context: RegistrationContext;
  readonly secret: string;
  readonly consentText: ConsentText;
  readonly network: NetworkInfo;
  readonly sampleQualityMin: number;
}

/** Registrations of the sandbox; who was registered is recognised by its authentications. */
export class SandboxRegistrations {
  readonly #network: SandboxNetwork;
  readonly #streams: EventStreams;
  readonly #authentications: SandboxAuthentications;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #sessions = new Map<string, Session>();

  constructor(parts: { network: SandboxNetwork; streams: EventStreams; authentications: SandboxAuthentications; clock: Clock; rng: Rng }) {
    this.#network = parts.network;
    this.#streams = parts.streams;
    this.#authentications = parts.authentications;
    this.#clock = parts.clock;
    this.#rng = parts.rng;
  }

  start(positions: readonly Position[]): SessionWelcome {
    const { networkId, defaultOperatingPoint } = this.#network.info;
    const issuedAt = this.#seconds();
    const registrationId = `reg_${toBase64Url(this.#rng.bytes(16))}`;
    const context: RegistrationContext = {
      v: 1, kind: 'registration', networkId, registrationId, positions: [...positions], samplesPerPosition: 3, consentVersion: consentText.version,
      operatingPoint: defaultOperatingPoint, nonce: toBase64Url(this.#rng.bytes(16)), issuedAt, expiresAt: issuedAt + lifeSeconds,
    };
    this.#sessions.set(registrationId, { context, secret: toBase64Url(this.#rng.bytes(16)), samples: new Set() });
    this.#streams.append(registrationId, { type: 'registration_progress', step: 'consent' });
    return this.#welcome(registrationId);
  }

  /** @throws BoopError `request.unauthenticated` */
  resume({ registrationId, secret }: { registrationId: string; secret: string }): SessionWelcome {
    if (this.#sessions.get(registrationId)?.secret !== secret) throw new BoopError('request.unauthenticated', 'there is no such registration');
    return this.#welcome(registrationId);
  }

  /** @throws BoopError `consent.*` */
  consent(registrationId: string, consent: SignedConsent): void {
    verifyConsent(consent, { networkId: this.#network.info.networkId, registrationId, texts: [consentText] });
    this.#session(registrationId).consent = consent;
    this.#streams.append(registrationId, { type: 'consent_recorded' });
  }

  sample(registrationId: string, { position, index, quality }: { position: Position; index: number; quality: { score: number; reasons: readonly string[] } }): void {
    const { samples, context } = this.#session(registrationId);
    if (quality.score < sampleQualityMin) return this.#streams.append(registrationId, { type: 'sample_rejected', position, index, quality });
    samples.add(`${position}/${index}`);
    const remaining = context.positions.length * context.samplesPerPosition - samples.size;
    this.#streams.append(registrationId, { type: 'sample_accepted', position, index, remaining });
  }

  async complete(registrationId: string, split: SealedSplit): Promise<void> {
    try {
      const receipt = await this.#enrol(registrationId, split);
      this.#streams.append(registrationId, { type: 'registration_succeeded', receipt });
    } catch (error) {
      if (!isBoopError(error)) throw error;
      this.#streams.append(registrationId, { type: 'registration_failed', code: error.code, message: error.message, retryAllowed: error.retryAllowed });
    }
  }

  cancel(registrationId: string): void {
    this.#sessions.delete(registrationId);
  }

  async #enrol(registrationId: string, split: SealedSplit): Promise<RegistrationReceipt> {
    const { context, consent } = this.#session(registrationId);
    if (!consent) throw new BoopError('consent.missing', 'no consent was given');
    if (consent.record.renews !== undefined) throw new BoopError('registration.nothing-to-renew', 'the sandbox keeps no accounts');
    const templates = await this.#network.open(split);
    const references = templates.filter((_, at) => split.header.items[at]!.role === 'reference');
    if (references.some((template) => caseOf(template, this.#network.theta) === 'node-down')) throw new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable', retryAllowed: true });
    if (references.some((template) => this.#authentications.knows(template))) throw new BoopError('registration.duplicate', 'this palm is registered already');
    for (const reference of references) this.#authentications.enrol(reference);
    const { networkId } = this.#network.info;
    const hash = splitHash({ header: split.header, hashes: envelopeHashes(split) });
    const entry: LogEntry = { v: 1, networkId, epoch: 1, time: this.#seconds(), kind: 'registration', session: sessionIdOf(context), consent: consentHash(consent), split: hash, verified: true };
    return { registrationId, registeredAt: new Date(this.#clock.nowMs()).toISOString(), positions: context.positions, verified: true, ...this.#network.log(entry) };
  }

  #welcome(registrationId: string): SessionWelcome {
    const { context, secret } = this.#session(registrationId);
    return { context, secret, consentText, network: this.#network.info, sampleQualityMin };
  }

  #session(registrationId: string): Session {
    const session = this.#sessions.get(registrationId);
    if (!session) throw new BoopError('request.not-found', 'there is no such registration');
    return session;
  }

  #seconds(): number {
    return Math.floor(this.#clock.nowMs() / 1000);
  }
}
