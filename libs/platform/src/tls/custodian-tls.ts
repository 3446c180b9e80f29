import { existsSync, readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { type NetworkManifest } from '@boop/protocol';
import { z } from 'zod';
import { writeFileAtomic } from '../custody/atomic-file.ts';
import { type NodeCustody } from '../custody/key-custody.ts';
import { systemClock } from '../system.ts';
import { issueUnderIdentity, newP256Secret, tlsKeyPem, trustAnchor } from './identity-certificates.ts';
import { peerUri } from './peer-identity.ts';
import { type TlsMaterial } from './tls-material.ts';

const DAY_MS = 86_400_000;
const LIFETIME_MS = 90 * DAY_MS;
/** A certificate this close to its end is issued anew. */
const RENEW_BEFORE_MS = 30 * DAY_MS;
const KEY_CONTEXT = 'tls-key';

const storedSchema = z.strictObject({ v: z.literal(1), certificate: z.string().max(10_000), sealedKey: z.string().max(200) });
type Stored = z.infer<typeof storedSchema>;

export interface CustodianTlsOptions {
  /** Where certificate and key lie, the key sealed by the custody's master key. */
  readonly file: string;
  /** PEM authorities of services (gateway, ledger, …) that this custodian lets in. */
  readonly servicesFile: string;
  readonly networkId: string;
  readonly party: number;
  readonly custody: NodeCustody;
  readonly lifetimeMs?: number;
  readonly nowMs?: () => number;
}

/**
 * TLS of a node whose peers know its identity key from the manifest and nothing else: the identity key issues the node's certificate, and the members'
 * identity keys are the trust anchors. A certificate that ends soon, or is of an identity that the manifest in force does not name, is issued anew.
 */
export class CustodianTls {
  readonly #options: CustodianTlsOptions;
  readonly #anchors = new Map<string, string>();
  #last: TlsMaterial | undefined;

  constructor(options: CustodianTlsOptions) {
    this.#options = options;
  }

  /**
   * What TLS needs now; the very same object as long as nothing changes.
   * @param manifests the one in force first; the members of all of them are trusted
   * @throws BoopError `node.other-identity`, `tls.malformed`, `config.unreadable`
   */
  async material(manifests: readonly NetworkManifest[]): Promise<TlsMaterial> {
    const identityKey = this.#ownIdentity(manifests);
    const stored = this.#read();
    const { certificate, sealedKey } = stored && this.#serves(stored, identityKey) ? stored : await this.#issue(identityKey);
    const secret = this.#options.custody.unwrapDataKey(fromBase64Url(sealedKey), KEY_CONTEXT);
    const fresh: TlsMaterial = { cert: certificate, key: tlsKeyPem(secret), ca: await this.#trusted(manifests) };
    secret.fill(0);
    const last = this.#last;
    if (last && last.cert === fresh.cert && last.key === fresh.key && last.ca === fresh.ca) return last;
    this.#last = fresh;
    return fresh;
  }

  /** A new key with a new certificate; a running node takes it up by itself. */
  async rotate(manifests: readonly NetworkManifest[]): Promise<void> {
    await this.#issue(this.#ownIdentity(manifests));
  }

  /** When the present certificate ends, or undefined where there is none. */
  notAfter(): Date | undefined {
    const stored = this.#read();
    return stored && new X509Certificate(stored.certificate).validToDate;
  }

  /** The first manifest in the list that names this node by a key that it holds decides. */
  #ownIdentity(manifests: readonly NetworkManifest[]): Uint8Array {
    const { party, custody } = this.#options;
    const named = manifests.flatMap(({ members }) => members[party - 1]?.identityKey ?? []).map(fromBase64Url).find((key) => custody.holds('identity', key));
    if (!named) throw new BoopError('node.other-identity', 'the manifest names another identity key for this node', { kind: 'fatal' });
    return named;
  }

  #read(): Stored | undefined {
    const { file } = this.#options;
    if (!existsSync(file)) return undefined;
    try {
      return storedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      throw new BoopError('tls.malformed', `certificate file ${file} has another form`, { kind: 'fatal' });
    }
  }

  #serves({ certificate: pem }: Stored, identityKey: Uint8Array): boolean {
    const certificate = new X509Certificate(pem);
    const { lifetimeMs = LIFETIME_MS } = this.#options;
    if (certificate.validToDate.getTime() - this.#nowMs() < Math.min(RENEW_BEFORE_MS, lifetimeMs / 3)) return false;
    return certificate.issuer === `CN=boop identity ${Buffer.from(identityKey).toString('hex')}` && certificate.subjectAltName === `URI:${this.#uri}`;
  }

  async #issue(identityKey: Uint8Array): Promise<Stored> {
    const { custody, file, lifetimeMs = LIFETIME_MS } = this.#options;
    const tlsSecret = newP256Secret();
    const acting = custody.withKeys({ identity: identityKey, hpke: custody.hpkePublicKey });
    const certificate = await issueUnderIdentity({ uri: this.#uri, identityKey, tlsSecret, sign: (bytes) => acting.signIdentity(bytes), notBeforeMs: this.#nowMs(), lifetimeMs });
    const stored: Stored = { v: 1, certificate, sealedKey: toBase64Url(custody.wrapDataKey(tlsSecret, KEY_CONTEXT)) };
    tlsSecret.fill(0);
    writeFileAtomic(file, JSON.stringify(stored));
    return stored;
  }

  async #trusted(manifests: readonly NetworkManifest[]): Promise<string> {
    const { servicesFile } = this.#options;
    const anchors = await memberAnchors(manifests, this.#anchors);
    return existsSync(servicesFile) ? `${anchors}\n${readFileSync(servicesFile, 'utf8')}` : anchors;
  }

  get #uri(): string {
    return peerUri(this.#options.networkId, { role: 'node', id: String(this.#options.party) });
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? (() => systemClock.nowMs()))();
  }
}

/** Trust anchors of all members of these manifests, PEM. @param made anchors that were made before, by name and key */
export async function memberAnchors(manifests: readonly NetworkManifest[], made = new Map<string, string>()): Promise<string> {
  for (const { networkId, members } of manifests) {
    for (const { party, identityKey } of members) {
      const uri = peerUri(networkId, { role: 'node', id: String(party) });
      const name = `${uri} ${identityKey}`;
      if (!made.has(name)) made.set(name, await trustAnchor(uri, fromBase64Url(identityKey)));
    }
  }
  const current = manifests.flatMap(({ networkId, members }) => members.map(({ party, identityKey }) => `${peerUri(networkId, { role: 'node', id: String(party) })} ${identityKey}`));
  return [...new Set(current)].map((name) => made.get(name)!).join('\n');
}
