import { consentHash, type ConsentText, giveConsent, type Position, positions as allPositions, sessionIdOf, type SignedConsent, type SigningKey } from '@boop/identity';
import { type Quality } from '@boop/biometric';
import { envelopeHashes, type NetworkInfo, parseRegistrationLink, type RegistrationReceipt, splitHash, type SealedSplit } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { wipeTemplates } from '../capture/encode-capture.ts';
import { splitAndSeal } from '../capture/split-and-seal.ts';
import { sdkError } from '../errors.ts';
import { type CreateAccountInput, createLedgerAccount, type LedgerAccount } from '../ledger/ledger-account.ts';
import { checkRegistrationEntry, verifyReceipt } from '../log/receipts.ts';
import { fetchManifests } from '../network/fetch-manifests.ts';
import { createNetworkGuard, type NetworkPin } from '../network/network-pin.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { openRestRegistrationSession, type ReEnrolment } from './rest-registration-session.ts';
import { openRegistrationSession, type RegistrationSession, type SessionSecret, type Step, type Welcome } from './registration-session.ts';
import { type CaptureSource, collectSamples, type EnrolmentItem, enrolmentItems, thetaOf } from './samples.ts';

export type RegistrationProgress =
  | { readonly step: Step }
  | { readonly step: 'sample'; readonly position: Position; readonly index: number; readonly quality: Quality; readonly accepted: boolean };

export interface RegisterInput {
  /** The person's account key: signs the consent and the split, and may revoke later. */
  readonly accountKey: SigningKey;
  readonly positions: { readonly [position in Position]?: CaptureSource };
  /** The link by which somebody invited the person. It says which palms are wanted, and opens one session, once. */
  readonly link?: string;
  /**
   * The registration whose place this one takes: `split` of `registrations` in `GET /v1/subjects/me/export`. Of the same account key and palms; the person
   * keeps their names at vendors, attributes and consents.
   */
  readonly renews?: string;
  /** Shows the text to the person; nothing is captured, encoded or sent before it resolves to true. */
  readonly onConsent: (text: ConsentText) => Promise<boolean>;
  readonly onProgress?: (progress: RegistrationProgress) => void;
  /** BCP 47; the network answers with the nearest text that it has. */
  readonly locale?: string;
  readonly signal?: AbortSignal;
}

export interface RegistrationClient {
  /**
   * Registers the palms of one person.
   * @returns the receipt, signed by t+1 nodes or more and checked
   * @throws BoopError `link.malformed`; `request.unauthenticated` for a link that was opened before
   * @throws BoopError `consent.missing` when the person declines
   * @throws CaptureQualityError, BoopError `capture.*`, `template.*`, `registration.incomplete`, `registration.samples-disagree`: found here
   * @throws BoopError `registration.nothing-to-renew`, `registration.not-recognised` of one that renews
   * @throws BoopError `registration.duplicate`, `mpc.*`, `context.*`, …: the network's codes; nothing was stored
   */
  register(input: RegisterInput): Promise<RegistrationReceipt>;

  /**
   * A step of its own after `register`, which never takes it by itself: opens the account of the key that registered in the ledger's map, so that
   * its owner can prove its history. Leaving it out leaves no account. May be repeated, also by another client.
   * @param network where and under which key the ledger logs, as `GET /v1/network` tells; checked against the pin
   * @throws BoopError `network.mismatch`, and what {@link createLedgerAccount} throws; the registration stands in any case
   */
  createAccount(network: NetworkInfo, input: CreateAccountInput): Promise<LedgerAccount>;
}

/** By the bridge, or, where there is no WebSocket, by the gateway, which takes registrations by link, or that renew, and tells no progress. */
export type RegistrationClientOptions = ({ readonly bridgeUrl: string } | { readonly gatewayUrl: string }) & { readonly pin?: NetworkPin; readonly ports?: Partial<SdkPorts> };

/** Client of a registration page or kiosk: one session per call, splitting on this device. */
export function createRegistrationClient(options: RegistrationClientOptions): RegistrationClient {
  const ports = systemPorts(options.ports);
  const guard = createNetworkGuard(options.pin, fetchManifests(ports));
  return {
    createAccount: async (network, input) => await createLedgerAccount(await guard(network), input, ports),
    async register(input) {
      const positions = allPositions.filter((position) => input.positions[position] !== undefined);
      if (positions.length === 0) throw new BoopError('registration.incomplete', 'no palm to register');
      const invitation = input.link === undefined ? undefined : invitationOf(input.link, positions);
      const onStep = (step: Step): void => input.onProgress?.({ step });
      const session = 'bridgeUrl' in options
        ? openRegistrationSession(options.bridgeUrl, { positions, locale: input.locale, invitation, onStep, signal: input.signal }, ports)
        : openRestRegistrationSession(options.gatewayUrl, { opening: invitation ?? reEnrolmentOf(input, positions, guard), signal: input.signal }, ports);
      try {
        const welcome = await session.start();
        const network = checkWelcome(welcome, await guard(welcome.network), positions);
        const consent = await askConsent(input, welcome, session, Math.floor(ports.clock.nowMs() / 1000));
        const split = await enrol(input, welcome, network, session, ports);
        return checkReceipt(await session.complete(split), { welcome, network, consent, split });
      } catch (error) {
        session.cancel();
        throw error;
      } finally {
        session.close();
      }
    },
  };
}

function reEnrolmentOf({ accountKey, renews, locale }: RegisterInput, positions: readonly Position[], guard: ReEnrolment['guard']): ReEnrolment {
  if (renews === undefined) throw new BoopError('link.malformed', 'without the bridge a registration needs a link, or one that it renews');
  return { accountKey, positions, locale, guard };
}

/** Refused here, since asking would use the link up. */
function invitationOf(link: string, given: readonly Position[]): SessionSecret {
  const { registrationId, secret, positions } = parseRegistrationLink(link);
  if (positions.length !== given.length || positions.some((position) => !given.includes(position))) throw new BoopError('registration.incomplete', 'the link asks for other palms');
  return { registrationId, secret };
}

function checkWelcome({ context, consentText }: Welcome, network: NetworkInfo, positions: readonly Position[]): NetworkInfo {
  const same = context.networkId === network.networkId && context.consentVersion === consentText.version && context.positions.length === positions.length && positions.every((position) => context.positions.includes(position));
  if (!same) throw sdkError('response.malformed', { kind: 'peer' });
  return network;
}

async function askConsent(input: RegisterInput, { context, consentText }: Welcome, session: RegistrationSession, givenAt: number): Promise<SignedConsent> {
  if (!(await input.onConsent(consentText))) throw new BoopError('consent.missing', 'the person did not agree');
  const consent = giveConsent({ networkId: context.networkId, registrationId: context.registrationId, text: consentText, givenAt, renews: input.renews }, input.accountKey);
  await session.giveConsent(consent);
  return consent;
}

/** Captures, checks, fuses, splits and seals; no template outlives it. */
async function enrol(input: RegisterInput, { context }: Welcome, network: NetworkInfo, session: RegistrationSession, ports: SdkPorts): Promise<SealedSplit> {
  const items: EnrolmentItem[] = [];
  try {
    for (const position of context.positions) {
      const samples = await collectSamples(position, input.positions[position]!, context.samplesPerPosition, async (sample) => {
        const { accepted } = await session.report(sample);
        input.onProgress?.({ step: 'sample', ...sample, accepted });
        return accepted;
      });
      try {
        items.push(...enrolmentItems(position, samples, thetaOf(network, context)));
      } catch (error) {
        wipeTemplates(samples);
        throw error;
      }
    }
    return await splitAndSeal({ network, purpose: 'registration', sessionId: sessionIdOf(context), items, device: input.accountKey }, ports.rng);
  } finally {
    wipeTemplates(items.map(({ template }) => template));
  }
}

function checkReceipt(receipt: RegistrationReceipt, sent: { welcome: Welcome; network: NetworkInfo; consent: SignedConsent; split: SealedSplit }): RegistrationReceipt {
  const { context } = sent.welcome;
  if (receipt.registrationId !== context.registrationId) throw sdkError('receipt.invalid', { kind: 'peer' });
  const entry = verifyReceipt(receipt.receipt, receipt.logEntry, sent.network);
  const split = splitHash({ header: sent.split.header, hashes: envelopeHashes(sent.split) });
  checkRegistrationEntry(entry, { sessionId: sessionIdOf(context), consentHash: consentHash(sent.consent), splitHash: split, verified: receipt.verified, renews: sent.consent.record.renews !== undefined });
  return receipt;
}
