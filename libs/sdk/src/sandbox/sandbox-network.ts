import { PALM_ENCODER, createTemplate, type Template } from '@boop/biometric';
import { assembleToken, type AuthenticationContext, idTokenClaims, publicJwk, tokenSigningInput } from '@boop/identity';
import { createVerifierKey, formatCheckpoint, formatNote, formatVerifierKey, leafHash, signatureOf, SignatureType } from '@boop/log';
import { palmStatistic, reconstructTemplate } from '@boop/mpc';
import { cutShares, deriveHpkeKeyPair, entryReceiptBytes, type HpkeKeyPair, type LogEntry, logEntryBytes, logEntryHash, type LogProof, type NetworkInfo, openShare, type SealedSplit, splitFor } from '@boop/protocol';
import { partyId, type Rng, toBase64Url, utf8 } from '@boop/shared';
import { ed25519 } from '@noble/curves/ed25519.js';

const nodes = 5;
const threshold = 1;
/** Score of palmprints at a false match rate of one in a million. */
const theta = 189;
/** Nothing of the sandbox can be taken for real: the name can't be resolved (RFC 6761), and its keys are made anew each time. */
export const sandboxUrl = 'https://sandbox.boop.invalid';

/** All parts of a network in one place, with fresh keys: it can read what a real network's nodes can't. */
export class SandboxNetwork {
  readonly info: NetworkInfo;
  readonly jwks: { readonly keys: readonly unknown[] };
  readonly #identities: readonly Uint8Array[];
  readonly #hpke: readonly HpkeKeyPair[];
  readonly #tokenSecret: Uint8Array;
  readonly #logSecret: Uint8Array;
  readonly #entries = new Map<string, Uint8Array>();

  private constructor(rng: Rng, hpke: readonly HpkeKeyPair[]) {
    this.#identities = Array.from({ length: nodes }, () => rng.bytes(32));
    this.#hpke = hpke;
    this.#tokenSecret = rng.bytes(32);
    this.#logSecret = rng.bytes(32);
    const tokenKey = toBase64Url(ed25519.getPublicKey(this.#tokenSecret));
    this.info = {
      networkId: 'boop-sandbox', epoch: 1, nodes, threshold, testNetwork: true, issuer: sandboxUrl, encoder: PALM_ENCODER,
      members: hpke.map(({ publicKey }, at) => ({ party: at + 1, name: `sandbox-${at + 1}`, jurisdiction: 'ZZ', identityKey: toBase64Url(ed25519.getPublicKey(this.#identities[at]!)), hpkeKey: publicKey })),
      operatingPoints: [{ id: 'standard', encoder: PALM_ENCODER, falseMatchRate: 1e-6, theta }],
      defaultOperatingPoint: 'standard',
      groupKeys: [{ name: 'token', suite: 'FROST-ED25519-SHA512', signers: 2 * threshold + 1, publicKey: tokenKey }],
      log: { origin: this.#verifierKey.name, verifierKey: formatVerifierKey(this.#verifierKey), url: sandboxUrl },
      jwksUrl: `${sandboxUrl}/.well-known/jwks.json`,
      bridgeUrl: sandboxUrl.replace('https', 'wss'),
    };
    this.jwks = { keys: [publicJwk(tokenKey)] };
  }

  static async create(rng: Rng): Promise<SandboxNetwork> {
    return new SandboxNetwork(rng, await Promise.all(Array.from({ length: nodes }, () => deriveHpkeKeyPair(rng.bytes(32)))));
  }

  get theta(): number {
    return theta;
  }

  /** The templates that a device split, put together again. @throws BoopError `share.unopenable`, `split.incomplete` */
  async open(split: SealedSplit): Promise<Template[]> {
    const parties = [1, 2];
    const opened = await Promise.all(parties.map((party) => openShare(splitFor(split, party), this.#hpke[party - 1]!.privateKey)));
    const shares = opened.map((plaintext) => cutShares(plaintext, split.header.items.length, palmStatistic.coordinates * 2));
    return split.header.items.map((_, item) => createTemplate(PALM_ENCODER, reconstructTemplate(new Map(parties.map((party, at) => [partyId(party), shares[at]![item]!])), palmStatistic, threshold)));
  }

  token(context: AuthenticationContext, sub: string, authTime: number): string {
    const assurance = { modality: 'palm', nodes, threshold, verified: true } as const;
    const input = tokenSigningInput(idTokenClaims({ context, sub, assurance, splitAt: 'edge', epoch: 1, authTime }), ed25519.getPublicKey(this.#tokenSecret));
    return assembleToken(input, ed25519.sign(input, this.#tokenSecret));
  }

  /** Logs an entry, and lets all nodes sign for it. */
  log(entry: LogEntry): { logEntry: string; receipt: { entry: string; signatures: { party: number; signature: string }[] } } {
    const bytes = logEntryBytes(entry);
    const signatures = this.#identities.map((secret, at) => ({ party: at + 1, signature: toBase64Url(ed25519.sign(entryReceiptBytes(bytes), secret)) }));
    const logEntry = logEntryHash(bytes);
    this.#entries.set(logEntry, bytes);
    return { logEntry, receipt: { entry: toBase64Url(bytes), signatures } };
  }

  /** Each entry is the only one of a log of its own. */
  proof(logEntry: string): LogProof | undefined {
    const bytes = this.#entries.get(logEntry);
    if (!bytes) return undefined;
    const text = formatCheckpoint({ origin: this.#verifierKey.name, size: 1, root: leafHash(bytes) });
    return { entry: toBase64Url(bytes), leafIndex: 0, treeSize: 1, inclusion: [], checkpoint: formatNote({ text, signatures: [signatureOf(this.#verifierKey, ed25519.sign(utf8(text), this.#logSecret))] }) };
  }

  get #verifierKey() {
    return createVerifierKey('sandbox.boop.invalid/log', SignatureType.ed25519, ed25519.getPublicKey(this.#logSecret));
  }
}
