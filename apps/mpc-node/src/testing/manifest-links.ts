import { SigningKey } from '@boop/identity';
import { type EpochCertificate, epochReadinessBytes, epochReadinessDomain, type EpochReadiness, manifestDigest, type ManifestLink, type ManifestProposal, manifestVoteBytes, manifestVoteDomain, type NetworkManifest, parseManifest } from '@boop/protocol';
import { type Rng, toBase64Url } from '@boop/shared';

/** Custodians with keys, and the manifests that they sign. */
export class ManifestLinks {
  readonly #rng: Rng;
  readonly #keys: readonly SigningKey[];
  readonly #hpkeKeys: readonly string[];

  constructor(custodians: number, rng: Rng) {
    this.#rng = rng;
    this.#keys = Array.from({ length: custodians }, () => SigningKey.generate(rng));
    this.#hpkeKeys = this.#keys.map(() => this.#hash());
  }

  /** Of the first so many custodians. */
  manifest(epoch: number, members = this.#keys.length): NetworkManifest {
    return parseManifest({
      v: 1,
      networkId: 'net',
      testNetwork: true,
      epoch,
      threshold: 1,
      members: this.#keys.slice(0, members).map(({ publicKey }, at) => ({ party: at + 1, name: `node-${at + 1}`, jurisdiction: 'CH', identityKey: publicKey, hpkeKey: this.#hpkeKeys[at], host: '127.0.0.1', linkPort: 1_000 + at })),
      logOrigin: 'log.example/net',
      operatingPoints: [{ id: 'p', encoder: 'e', falseMatchRate: 1e-6, theta: 1 }],
      defaultOperatingPoint: 'p',
      consentTexts: [{ version: '1', locale: 'en', title: 't', text: 't' }],
    });
  }

  /** The first, approved by its members. */
  first(manifest: NetworkManifest): ManifestLink {
    return this.#approved(manifest, null);
  }

  /** One that follows, approved and ready at all its members. */
  next(before: NetworkManifest, manifest: NetworkManifest): ManifestLink & { certificate: EpochCertificate } {
    const readiness: EpochReadiness = { v: 1, networkId: 'net', from: before.epoch, to: manifest.epoch, manifest: manifestDigest(manifest), attempt: toBase64Url(this.#rng.bytes(16)), head: { rows: 0, digest: this.#hash() }, keys: this.#hash(), time: 1_500 };
    const signatures = manifest.members.map(({ party }) => ({ party, signature: this.#keys[party - 1]!.sign(epochReadinessDomain, epochReadinessBytes(readiness)) }));
    return { ...this.#approved(manifest, manifestDigest(before)), certificate: { readiness, signatures } };
  }

  #approved(manifest: NetworkManifest, previous: string | null): ManifestLink {
    const proposal: ManifestProposal = { v: 1, networkId: 'net', previous, manifest };
    const approvals = manifest.members.map(({ party }) => {
      const vote = { party, decision: 'approve' as const, time: 1_001 };
      return { ...vote, signature: this.#keys[party - 1]!.sign(manifestVoteDomain, manifestVoteBytes(proposal, vote)) };
    });
    return { proposal, approvals };
  }

  #hash(): string {
    return toBase64Url(this.#rng.bytes(32));
  }
}
