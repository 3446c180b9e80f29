import { X509Certificate } from 'node:crypto';
import { BoopError } from '@boop/shared';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Who may say that a peer has a name. An authority whose certificate holds boop URIs speaks for these names alone, and nobody else does; all other names are
 * with the authorities that hold none. So no member of a network can issue a certificate in the name of another one.
 */
export class Authorities {
  readonly #named = new Map<string, X509Certificate[]>();
  readonly #general: X509Certificate[] = [];

  /** @param bundle PEM certificates, as TLS gets them */
  constructor(bundle: string) {
    for (const pem of bundle.match(PEM) ?? []) {
      const certificate = new X509Certificate(pem);
      const uris = boopUris(certificate);
      if (uris.length === 0) this.#general.push(certificate);
      for (const uri of uris) this.#named.set(uri, [...(this.#named.get(uri) ?? []), certificate]);
    }
  }

  /** @throws BoopError `link.bad-identity` unless an authority for this name has issued the certificate itself */
  check(certificate: X509Certificate, uri: string): void {
    const authorities = this.#named.get(uri) ?? this.#general;
    if (!authorities.some((authority) => certificate.verify(authority.publicKey)))
      throw new BoopError('link.bad-identity', 'the certificate was issued by an authority that has no say over its name', { kind: 'peer', retryAllowed: false });
  }
}

/** The `boop:` URIs among a certificate's alternative names. */
export function boopUris(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.filter((name) => name.startsWith('URI:boop:')).map((name) => name.slice('URI:'.length));
}
