import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Logger } from '@boop/platform';
import { type NetworkManifest, parseManifest } from '@boop/protocol';

const lookEveryMs = 500;

/**
 * The manifest of the next epoch, which this node's custodian approves by putting it in its place. Looked for twice a second; a file that is no manifest of
 * this network counts as none.
 */
export class ProposalFile {
  readonly #input: { file: string | undefined; networkId: string; log: Logger };
  #manifest: NetworkManifest | undefined;
  #seen = '';
  #lookedAtMs = -Infinity;

  constructor(input: { file: string | undefined; networkId: string; log: Logger }) {
    this.#input = input;
  }

  get(): NetworkManifest | undefined {
    const now = performance.now();
    if (this.#input.file && now - this.#lookedAtMs >= lookEveryMs) {
      this.#lookedAtMs = now;
      this.#look(this.#input.file);
    }
    return this.#manifest;
  }

  #look(file: string): void {
    const { networkId, log } = this.#input;
    try {
      const seen = existsSync(file) ? `${statSync(file).mtimeMs}/${statSync(file).size}` : '';
      if (seen === this.#seen) return;
      this.#seen = seen;
      this.#manifest = undefined;
      if (seen === '') return;
      const manifest = parseManifest(JSON.parse(readFileSync(file, 'utf8')));
      if (manifest.networkId === networkId) this.#manifest = manifest;
      else log.warn('the next manifest is of another network');
    } catch (error) {
      log.warn('the next manifest is not valid', { error });
    }
  }
}
