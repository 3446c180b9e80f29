import { type SigningKey } from '@boop/identity';
import { commitTo, formatMutation, mapIndexOf, type MapProof, MUTATION_DOMAIN, mutationParts, noPrevious, verifyMapProof, vrfVerify } from '@boop/log';
import { type NetworkInfo, type RegistrationReceipt } from '@boop/protocol';
import { equalBytes, fromBase64Url, isBoopError, toBase64Url } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { sdkError } from '../errors.ts';
import { type SdkPorts } from '../ports.ts';
import { createRestClient, type RestClient } from '../rest/rest-client.ts';
import { delay } from '../waiting.ts';

export interface CreateAccountInput {
  /** The key that registered. It owns the account: only it may sign the next version. */
  readonly accountKey: SigningKey;
  /** What the account's first version commits to. */
  readonly receipt: Pick<RegistrationReceipt, 'logEntry'>;
  /** Key of the map's indexes, pinned by the caller; else what the ledger says and the nodes signed. 32 bytes, base64url. */
  readonly vrfKey?: string;
  /** How long to wait until a checkpoint covers the account, milliseconds; default 30,000. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** An account in the map and the proof of its history. */
export interface LedgerAccount {
  /** Name of the account, known to its owner and the ledger: the account key, 32 bytes. */
  readonly label: Uint8Array;
  /** Place in the map, 32 bytes: all that others see. */
  readonly index: Uint8Array;
  /** Opens the commitment of version 0 to `value`, the hash of the registration's log entry. The ledger gets neither; both follow from the key and the receipt. */
  readonly opening: Uint8Array;
  readonly value: Uint8Array;
  /** Version 0 as it was signed. */
  readonly mutation: Uint8Array;
  /** With all versions; verified, and checked again offline by `verifyMapProof` of `@boop/log`. */
  readonly proof: MapProof;
}

const waitMsDefault = 30_000;
const pollMs = 500;
const indexAnswer = z.strictObject({ index: z.string().max(64), vrfProof: z.string().max(128), vrfKey: z.string().max(64) });
const submitted = z.strictObject({ index: z.string(), version: z.number().int(), hash: z.string(), revision: z.number().int().optional() });

/**
 * Opens the account that belongs to a registration: the account key signs version 0, the ledger's map takes it, and its history is proved under
 * a checkpoint that the nodes signed. Everything is derived from key and receipt, so a repetition gives the same account.
 * @throws BoopError `mutation.wrong-version` when another version 0 stands there, `request.rate-limited`, `service.overloaded`, `wait.timeout`,
 *   `response.malformed`, `connection.lost`, `map.*`, `log.*`
 */
export async function createLedgerAccount(network: Pick<NetworkInfo, 'log'>, input: CreateAccountInput, ports: SdkPorts): Promise<LedgerAccount> {
  const { accountKey, receipt, waitMs = waitMsDefault, signal } = input;
  const rest = createRestClient(network.log.url, undefined, ports);
  const deadlineMs = ports.clock.nowMs() + waitMs;
  const label = fromBase64Url(accountKey.publicKey);
  const { index, vrfKey } = await indexOf(rest, label, input.vrfKey, signal);
  const value = fromBase64Url(receipt.logEntry);
  // Signatures are deterministic and this one never leaves the device.
  const opening = sha256(fromBase64Url(accountKey.sign('boop-account-opening/1', label, value)));
  const body = { index, version: 0, previous: noPrevious(), commitment: commitTo({ opening, label, version: 0, value }), authorizedKeys: [label], signer: label };
  const mutation = formatMutation({ ...body, signature: fromBase64Url(accountKey.sign(MUTATION_DOMAIN, ...mutationParts(network.log.origin, body))) });
  await rest.request('POST', '/v1/ledger/mutations', { schema: submitted, body: { mutation: toBase64Url(mutation), label: toBase64Url(label) }, idempotent: true, signal });
  for (;;) {
    const proof = await proofOf(rest, { vkey: network.log.verifierKey, vrfKey, label }, signal);
    if (proof) {
      if (!equalBytes(fromBase64Url(proof.history?.[0] ?? ''), mutation)) throw sdkError('response.malformed', { kind: 'peer' });
      return { label, index, opening, value, mutation, proof };
    }
    if (ports.clock.nowMs() + pollMs > deadlineMs) throw sdkError('wait.timeout', { kind: 'unavailable', retryAllowed: true });
    await delay(pollMs, signal);
  }
}

/** Nothing is signed for another index than the key's. */
async function indexOf(rest: RestClient, label: Uint8Array, pinned: string | undefined, signal: AbortSignal | undefined): Promise<{ index: Uint8Array; vrfKey: Uint8Array }> {
  const answer = await rest.request('GET', `/v1/ledger/map/indexes/${toBase64Url(label)}`, { schema: indexAnswer, signal });
  const [index, vrfProof, vrfKey] = [answer.index, answer.vrfProof, pinned ?? answer.vrfKey].map(fromBase64Url) as [Uint8Array, Uint8Array, Uint8Array];
  if (!equalBytes(mapIndexOf(vrfVerify(vrfKey, label, vrfProof)), index)) throw sdkError('response.malformed', { kind: 'peer' });
  return { index, vrfKey };
}

/** Undefined while no checkpoint covers the account. */
async function proofOf(rest: RestClient, policy: Parameters<typeof verifyMapProof>[1], signal: AbortSignal | undefined): Promise<MapProof | undefined> {
  try {
    // Its form is checked with all else, strictly.
    const proof = (await rest.request('GET', `/v1/ledger/map/lookup/${toBase64Url(policy.label)}?history=true`, { schema: z.unknown(), signal })) as MapProof;
    return verifyMapProof(proof, policy).mutation === undefined ? undefined : proof;
  } catch (error) {
    if (isBoopError(error) && error.code === 'log.pending') return undefined;
    throw error;
  }
}
