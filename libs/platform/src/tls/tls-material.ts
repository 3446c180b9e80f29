import { readFileSync } from 'node:fs';
import { BoopError } from '@boop/shared';
import { readSecretFile } from '../config/secret-file.ts';

/** PEM. */
export interface TlsCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A process's own certificate and key, and the one authority that it trusts, all PEM. */
export interface TlsMaterial extends TlsCertificate {
  readonly ca: string;
}

/** Our code for a failed verification of a peer's certificate, by OpenSSL's (X509_verify_cert_error_string); undefined for other failures. */
export function tlsFailure(code: string | undefined): string | undefined {
  if (code === 'CERT_HAS_EXPIRED' || code === 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED' || code === 'ERR_SSL_TLSV1_ALERT_CERTIFICATE_EXPIRED') return 'link.certificate-expired';
  if (code === 'CERT_NOT_YET_VALID') return 'link.certificate-not-yet-valid';
  return undefined;
}

/** @throws BoopError `config.unreadable`, `config.secret-exposed`, `config.secret-unreadable` */
export function loadTlsMaterial(files: { certFile: string; keyFile: string; caFile: string }): TlsMaterial {
  return { ...loadCertificate(files), ca: readPem(files.caFile) };
}

/** @throws BoopError `config.unreadable`, `config.secret-exposed`, `config.secret-unreadable` */
export const loadCertificate = (files: { certFile: string; keyFile: string }): TlsCertificate => ({ cert: readPem(files.certFile), key: readSecretFile(files.keyFile) });

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new BoopError('config.unreadable', `certificate file ${file} can't be read`, { kind: 'fatal' });
  }
}
