import { EventEmitter } from 'node:events';
import { createSecureContext } from 'node:tls';
import { type Logger, silentLogger } from '../logging/logger.ts';
import { loadTlsMaterial, type TlsMaterial } from './tls-material.ts';

const lookEveryMs = 1_000;

/**
 * TLS of a process in three files, read again while it runs: whoever renews the certificate or trusts another authority restarts nothing. Files that do not
 * belong together, as while they are being replaced, change nothing.
 * Event `change`: the files hold something else.
 */
export class TlsFiles extends EventEmitter<{ change: [TlsMaterial] }> {
  readonly #files: { certFile: string; keyFile: string; caFile: string };
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #current: TlsMaterial;
  #complaint: string | undefined;

  /** @throws BoopError as of {@link loadTlsMaterial} */
  constructor(files: { certFile: string; keyFile: string; caFile: string }, log: Logger = silentLogger) {
    super();
    this.setMaxListeners(0);
    this.#files = files;
    this.#log = log;
    this.#current = loadTlsMaterial(files);
    this.#timer = setInterval(() => this.look(), lookEveryMs).unref();
  }

  get current(): TlsMaterial {
    return this.#current;
  }

  /** Reads the files now. */
  look(): void {
    try {
      const fresh = loadTlsMaterial(this.#files);
      const { cert, key, ca } = this.#current;
      if (fresh.cert === cert && fresh.key === key && fresh.ca === ca) return;
      createSecureContext(fresh);
      this.#current = fresh;
      this.#complaint = undefined;
      this.#log.info('TLS renewed');
      this.emit('change', fresh);
    } catch (error) {
      // Looked for every second: said once.
      if (this.#complaint !== String(error)) this.#log.warn('TLS not renewed', { error });
      this.#complaint = String(error);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.removeAllListeners();
  }
}

/** TLS that stays, or that may change while a link lives. */
export type TlsSource = TlsMaterial | TlsFiles;

export const currentTls = (tls: TlsSource): TlsMaterial => (tls instanceof TlsFiles ? tls.current : tls);
