import { sha256 } from '@noble/hashes/sha2.js';
import { type AuthenticationContext, contextTimeoutSeconds } from '@boop/identity';
import { type CreateAuthentication, type NetworkManifest } from '@boop/protocol';
import { canonicalJson, type Rng, toBase64Url } from '@boop/shared';
import { InvalidRequest } from './invalid-request.ts';
import { assertLivenessOffered } from './liveness.ts';
import { chooseOperatingPoint } from './operating-point.ts';
import { attributesOf } from './required-attributes.ts';

/** Payments refuse an unconfirmed match unless their vendor says otherwise. */
const acceptUnverifiedByDefault = (type: CreateAuthentication['type']): boolean => type !== 'payment';

export const requestHashOf = (request: CreateAuthentication): string => toBase64Url(sha256(canonicalJson(request)));

/** Random identifier that is safe in URLs, logs and file names. */
export const newId = (prefix: string, rng: Rng): string => `${prefix}_${toBase64Url(rng.bytes(16))}`;

/** What an OpenID Connect request adds to a context. */
export interface LoginRequest {
  /** The client's `nonce`; a token for a client that sent none must not have one. */
  readonly nonce?: string | undefined;
  readonly bindingMessage?: string | undefined;
}

function nonceOf(request: CreateAuthentication, login: LoginRequest | undefined, rng: Rng): { nonce?: string } {
  if (!login) return { nonce: request.nonce ?? toBase64Url(rng.bytes(16)) };
  return login.nonce === undefined ? {} : { nonce: login.nonce };
}

/**
 * The context that nodes will judge by, from what a vendor asked for and what the network offers.
 * @throws InvalidRequest with the pointers of the fields that don't fit together
 */
export function buildContext(input: {
  request: CreateAuthentication;
  vendor: { id: string; sector: string; operatingPoint?: string | undefined };
  manifest: NetworkManifest;
  issuer: string;
  nowMs: number;
  rng: Rng;
  login?: LoginRequest | undefined;
}): AuthenticationContext {
  const { request, vendor, manifest, issuer, nowMs, rng, login } = input;
  const { type, amount, currency, terminalId, subject, policy, timeout } = request;
  if (type === 'payment' && amount === undefined) throw new InvalidRequest([{ pointer: '/amount', detail: 'a payment needs an amount' }]);
  if (amount !== undefined && currency === undefined) throw new InvalidRequest([{ pointer: '/currency', detail: 'an amount needs a currency' }]);
  if (currency !== undefined && amount === undefined) throw new InvalidRequest([{ pointer: '/amount', detail: 'a currency needs an amount' }]);
  assertLivenessOffered(manifest, policy);
  const operatingPoint = chooseOperatingPoint(manifest, policy, vendor.operatingPoint);
  const attributes = attributesOf(request);
  const issuedAt = Math.floor(nowMs / 1000);
  return {
    v: 1,
    kind: 'authentication',
    networkId: manifest.networkId,
    contextId: request.contextId ?? newId('ctx', rng),
    issuer,
    vendorId: vendor.id,
    sector: vendor.sector,
    type,
    ...nonceOf(request, login, rng),
    ...(login?.bindingMessage === undefined ? {} : { bindingMessage: login.bindingMessage }),
    ...(terminalId === undefined ? {} : { terminalId }),
    ...(subject === undefined ? {} : { subject }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency }),
    policy: {
      operatingPoint,
      acceptUnverified: policy?.acceptUnverified ?? acceptUnverifiedByDefault(type),
      acceptGatewaySplit: policy?.acceptGatewaySplit ?? true,
      ...(policy?.livenessLevel === undefined ? {} : { livenessLevel: policy.livenessLevel }),
    },
    issuedAt,
    expiresAt: issuedAt + Math.min(timeout ?? Infinity, contextTimeoutSeconds[type]),
  };
}
