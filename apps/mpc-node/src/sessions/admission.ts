import { type AuthenticationContext, contextTimeoutSeconds, livenessLevelOf, type Position, type RegistrationContext, type SessionContext, sessionIdOf, type SignedConsent, type VerifyEd25519, verifyConsent } from '@boop/identity';
import { checkDeclaredValid } from '@boop/mpc';
import { opensslArithmetic } from '@boop/platform';
import { checkLiveness, checkSplit, type NodeSplit, splitHash, type SplitItem } from '@boop/protocol';
import { BoopError, type SessionId, toBase64Url } from '@boop/shared';
import { type Network, operatingPointOf, statisticOf } from '../network.ts';

/** How far apart clocks may be, seconds. */
export const clockSkewSeconds = 5;
/** A registration session takes minutes: consent, six captures. */
const registrationSecondsMax = 3600;

/** Keys of terminals come again and again: those that were found to be of prime order, the oldest going first. */
const soundKeys = new Set<string>();
const soundKeysMax = 1_024;

function isSound(publicKey: Uint8Array): boolean {
  const name = toBase64Url(publicKey);
  if (soundKeys.has(name)) return true;
  if (!opensslArithmetic.ed25519.isOfPrimeOrder(publicKey)) return false;
  const [oldest] = soundKeys;
  if (oldest !== undefined && soundKeys.size >= soundKeysMax) soundKeys.delete(oldest);
  soundKeys.add(name);
  return true;
}

/** Not every version of OpenSSL refuses keys of small order, under which anybody can sign. */
const verifyStrictly: VerifyEd25519 = (publicKey, message, signature) => opensslArithmetic.ed25519.verify(publicKey, message, signature) && isSound(publicKey);

const invalid = (message: string): BoopError => new BoopError('context.invalid', message);

/** What a node has found out about a session before it opens its envelope. */
export interface Admission {
  readonly sessionId: SessionId;
  readonly splitHash: string;
  readonly theta: number;
}

/**
 * Everything that a node checks for itself before it opens its envelope.
 * @throws BoopError `context.*`, `share.*`, `split.*`, `liveness.*`, `template.unknown-encoder`, `consent.*`, `registration.incomplete`
 */
export function admit(network: Network, input: { context: SessionContext; consent?: SignedConsent | undefined; split: NodeSplit }, nowMs: number): Admission {
  const { context, split } = input;
  checkTimes(context, nowMs / 1000);
  if (context.networkId !== network.networkId) throw invalid('the context is for another network');
  const point = operatingPointOf(network, context.kind === 'authentication' ? context.policy.operatingPoint : context.operatingPoint);
  const sessionId = sessionIdOf(context);
  checkSplit(split, { networkId: network.networkId, epoch: network.epoch, party: network.self, nodes: network.nodes, purpose: context.kind, sessionId }, verifyStrictly);
  const statistic = statisticOf(split.header.encoder);
  for (const { valid } of split.header.items) checkDeclaredValid(statistic, valid);
  if (split.header.encoder !== point.encoder) throw new BoopError('template.unknown-encoder', 'the operating point is for another encoder');
  const named = { sessionId, splitHash: splitHash(split) };
  if (context.kind === 'authentication') checkAuthentication(network, context, split, { ...named, nowMs });
  else checkRegistration(network, context, split, input.consent);
  return { ...named, theta: point.theta };
}

function checkTimes(context: SessionContext, nowSeconds: number): void {
  const lifeMax = context.kind === 'authentication' ? contextTimeoutSeconds[context.type] : registrationSecondsMax;
  if (context.expiresAt <= context.issuedAt || context.expiresAt - context.issuedAt > lifeMax) throw invalid('the context lives longer than its type allows');
  if (context.issuedAt > nowSeconds + clockSkewSeconds) throw invalid('the context comes from the future');
  if (context.expiresAt < nowSeconds - clockSkewSeconds) throw new BoopError('context.expired', 'the context has expired');
}

function checkAuthentication(network: Network, context: AuthenticationContext, { header, liveness }: NodeSplit, { nowMs, ...named }: { sessionId: SessionId; splitHash: string; nowMs: number }): void {
  if (header.items.length !== 1 || header.items[0]!.role !== 'probe') throw new BoopError('split.incomplete', 'an authentication needs exactly one probe');
  if (header.splitAt === 'gateway' && !context.policy.acceptGatewaySplit)
    throw new BoopError('split.gateway-not-allowed', 'the policy forbids splitting at the gateway');
  const level = livenessLevelOf(context);
  if (level > 0) checkLiveness(liveness, named, { level, listed: network.manifest.livenessChecks ?? [], nowMs }, verifyStrictly);
}

function checkRegistration(network: Network, context: RegistrationContext, split: NodeSplit, consent: SignedConsent | undefined): void {
  if (!consent) throw new BoopError('consent.missing', 'no consent was given');
  verifyConsent(consent, { networkId: network.networkId, registrationId: context.registrationId, texts: network.manifest.consentTexts });
  if (consent.record.textVersion !== context.consentVersion) throw new BoopError('consent.invalid', 'the consent is to another text than the one that was asked for');
  if (consent.record.accountKey !== split.deviceKey) throw new BoopError('consent.invalid', 'the templates are not signed by the key that gave the consent');
  // Whoever opens the session would choose a lax one to be recognised as somebody else, and a strict one to be nobody's duplicate.
  if (context.operatingPoint !== network.manifest.defaultOperatingPoint) throw invalid('a registration is compared at the operating point of the network');
  if (split.header.splitAt !== 'edge') throw new BoopError('split.gateway-not-allowed', 'a registration is split by the person\'s own device');
  enrolmentItems(context, split.header.items);
}

/** Places of a position's templates in its split. */
export interface EnrolmentItems {
  readonly position: Position;
  readonly reference: number;
  readonly samples: readonly number[];
}

/**
 * Finds one reference and the samples 0, 1, 2 of each position, and nothing else.
 * @throws BoopError `registration.incomplete`
 */
export function enrolmentItems(context: RegistrationContext, items: readonly SplitItem[]): EnrolmentItems[] {
  const incomplete = new BoopError('registration.incomplete', 'a registration needs one reference and three samples for each position');
  const place = (position: Position, role: SplitItem['role'], index: number | undefined): number => {
    const found = items.flatMap((item, at) => (item.position === position && item.role === role && (role === 'reference' || item.index === index) ? [at] : []));
    if (found.length !== 1) throw incomplete;
    return found[0]!;
  };
  const samples = Array.from({ length: context.samplesPerPosition }, (_, index) => index);
  if (new Set(context.positions).size !== context.positions.length || items.length !== context.positions.length * (1 + samples.length)) throw incomplete;
  return context.positions.map((position) => ({ position, reference: place(position, 'reference', undefined), samples: samples.map((index) => place(position, 'sample', index)) }));
}
