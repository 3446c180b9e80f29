import { EventEmitter } from 'node:events';
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { type Logger, silentLogger } from '../logging/logger.ts';
import { loadCertificate, loadTlsMaterial, type TlsCertificate, type TlsMaterial } from './tls-material.ts';

const lookEveryMs = 1_000;

/**
 * TLS from files that are read again while the process runs: whoever renews a certificate or trusts another authority restarts nothing. Files that do not
 * belong together, as while they are being replaced, change nothing.
 * Event `change`: the files hold something else.
 */
class RenewedTls<Material extends TlsCertificate> extends EventEmitter<{ change: [Material] }> {
  readonly #load: () => Material;
  readonly #certFile: string;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #current: Material;
  #complaint: string | undefined;

  constructor(load: () => Material, certFile: string, log: Logger) {
    super();
    this.setMaxListeners(0);
    this.#load = load;
    this.#certFile = certFile;
    this.#log = log;
    this.#current = load();
    this.#timer = setInterval(() => this.look(), lookEveryMs).unref();
  }

  get current(): Material {
    return this.#current;
  }

  /** Reads the files now. */
  look(): void {
    try {
      const fresh = this.#load();
      if (isDeepStrictEqual(fresh, this.#current)) {
        // Put back as it was: the next failure is another one.
        this.#complaint = undefined;
        return;
      }
      createSecureContext(fresh);
      this.#current = fresh;
      this.#complaint = undefined;
      this.#log.info('TLS renewed', { certFile: this.#certFile });
      (this as EventEmitter).emit('change', fresh);
    } catch (error) {
      // Looked for every second: said once.
      if (this.#complaint !== String(error)) this.#log.warn('TLS not renewed', { certFile: this.#certFile, error });
      this.#complaint = String(error);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.removeAllListeners();
  }
}

/** TLS of a process at the internal links, in three files. */
export class TlsFiles extends RenewedTls<TlsMaterial> {
  /** @throws BoopError as of {@link loadTlsMaterial} */
  constructor(files: { certFile: string; keyFile: string; caFile: string }, log: Logger = silentLogger) {
    super(() => loadTlsMaterial(files), files.certFile, log);
  }
}

/** Certificate and key of a public port, whose clients show no certificate: TLS 1.3 and nothing older. */
export class CertificateFiles extends RenewedTls<TlsCertificate> {
  /** @throws BoopError as of {@link loadCertificate} */
  constructor(files: { certFile: string; keyFile: string }, log: Logger = silentLogger) {
    super(() => loadCertificate(files), files.certFile, log);
  }

  /** What a server is made with. */
  get context(): SecureContextOptions {
    return { ...this.current, minVersion: 'TLSv1.3' };
  }

  /** Until the server closes its new connections see what the files hold; those that are open go on. */
  renew(server: Server): void {
    this.on('change', () => server.setSecureContext(this.context));
    server.once('close', () => this.stop());
  }
}

/** TLS that stays, or that may change while a link lives. */
export type TlsSource = TlsMaterial | TlsFiles;

export const currentTls = (tls: TlsSource): TlsMaterial => (tls instanceof TlsFiles ? tls.current : tls);
