import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { ensurePrivateDirectory, issueUnderIdentity, ManifestFollower, memberAnchors, newP256Secret, peerUri, silentLogger, tlsKeyPem, writeFileAtomic } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { serviceAnchors } from './service-descriptor.ts';
import { serviceId, type ServiceRole, serviceRoles, type ServicesFolder } from './services-folder.ts';

const dayMs = 86_400_000;
const lifetimeMs = 90 * dayMs;
/** A certificate this close to its end is issued anew. */
const renewBeforeMs = 30 * dayMs;

export interface TlsFilePaths {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/**
 * TLS of an operator's services: each issues its certificate under an identity of its own, and trusts the members of the manifest in force by their identity
 * keys, and its sisters by theirs.
 */
export class ServicesTls {
  readonly #folder: ServicesFolder;
  readonly #started: NetworkManifest;
  readonly #anchors = new Map<string, string>();
  readonly #identities: ReadonlyMap<ServiceRole, string>;

  private constructor(folder: ServicesFolder, identities: ReadonlyMap<ServiceRole, string>) {
    this.#folder = folder;
    this.#started = folder.manifest;
    this.#identities = identities;
  }

  static async open(folder: ServicesFolder): Promise<ServicesTls> {
    const identities = new Map<ServiceRole, string>();
    for (const role of serviceRoles) identities.set(role, await folder.withIdentity(role, (custody) => toBase64Url(custody.identityPublicKey)));
    return new ServicesTls(folder, identities);
  }

  /** Writes what is missing, ends soon, or is of members of another epoch. */
  async keep(): Promise<void> {
    const { networkId } = this.#started;
    const sisters = [...this.#identities].map(([role, identityKey]) => ({ networkId, role, id: serviceId, identityKey }));
    const trusted = `${await memberAnchors([this.#inForce()], this.#anchors)}\n${await serviceAnchors(sisters)}\n`;
    for (const role of serviceRoles) await this.#keep(role, trusted);
  }

  filesOf(role: ServiceRole): TlsFilePaths {
    const file = (name: string): string => this.#folder.path(role, 'tls', name);
    return { certFile: file('tls.crt'), keyFile: file('tls.key'), caFile: file('ca.crt') };
  }

  /** As the gateway has followed it. */
  #inForce(): NetworkManifest {
    return new ManifestFollower({ started: this.#started, file: this.#folder.path('gateway', 'tls', 'manifests.json'), log: silentLogger }).current;
  }

  async #keep(role: ServiceRole, trusted: string): Promise<void> {
    const { certFile, keyFile, caFile } = this.filesOf(role);
    ensurePrivateDirectory(this.#folder.path(role, 'tls'));
    if (!existsSync(caFile) || readFileSync(caFile, 'utf8') !== trusted) writeFileAtomic(caFile, trusted, 0o644);
    if (existsSync(certFile) && existsSync(keyFile) && new X509Certificate(readFileSync(certFile)).validToDate.getTime() - Date.now() > renewBeforeMs) return;
    const tlsSecret = newP256Secret();
    const uri = peerUri(this.#started.networkId, { role, id: serviceId });
    const cert = await this.#folder.withIdentity(role, async (custody) =>
      await issueUnderIdentity({ uri, identityKey: custody.identityPublicKey, tlsSecret, sign: (bytes) => custody.signIdentity(bytes), notBeforeMs: Date.now(), lifetimeMs }),
    );
    writeFileAtomic(keyFile, tlsKeyPem(tlsSecret));
    writeFileAtomic(certFile, cert, 0o644);
    tlsSecret.fill(0);
  }
}
