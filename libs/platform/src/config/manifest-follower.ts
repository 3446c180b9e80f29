import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { manifestDigest, type ManifestLink, manifestLinkSchema, manifestLinksMax, manifestMethods, type NetworkManifest, verifyManifestLink } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { z } from 'zod';
import { writeFileAtomic } from '../custody/atomic-file.ts';
import { type Logger } from '../logging/logger.ts';

const periodMs = 1_000;
const timeoutMs = 3_000;
const linksSchema = z.array(manifestLinkSchema);

/** A node that can be asked; `LinkClient` is one. */
export interface ManifestSource {
  readonly connected: boolean;
  request(method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown>;
}

/**
 * The manifest in force, from the one that this process was started with on. Nodes tell what came after; it counts because custodians and members signed it, so
 * it does not matter which node tells it. What was followed is kept in a file, since members of long ago may be gone at the next start.
 * Event `change`: another manifest came into force.
 */
export class ManifestFollower extends EventEmitter<{ change: [NetworkManifest] }> {
  readonly #file: string;
  readonly #log: Logger;
  readonly #manifests: NetworkManifest[];
  readonly #links: ManifestLink[] = [];
  /** Reads as the manifest in force at the moment of each access. */
  readonly view: NetworkManifest;
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #asking = false;

  /** @param file holds the links after `started`; made at the first change @throws BoopError `config.unreadable` for a file that is damaged or of another network */
  constructor({ started, file, log }: { started: NetworkManifest; file: string; log: Logger }) {
    super();
    this.#file = file;
    this.#log = log;
    this.#manifests = [started];
    const properties = Object.keys({ software: undefined, ...started }).map((name) => [name, { enumerable: true, get: () => this.current[name as keyof NetworkManifest] }]);
    this.view = Object.defineProperties({}, Object.fromEntries(properties) as PropertyDescriptorMap) as NetworkManifest;
    this.#resume(started);
  }

  get current(): NetworkManifest {
    return this.#manifests.at(-1)!;
  }

  /** The manifest of an epoch from the one on that this process was started with; undefined for others. */
  at(epoch: number): NetworkManifest | undefined {
    return this.#manifests.find((manifest) => manifest.epoch === epoch);
  }

  /** From the one that this process was started with to the one in force. */
  known(): readonly NetworkManifest[] {
    return [...this.#manifests];
  }

  /** Links from an epoch on, of those after the manifest that this process was started with. */
  links(from: number): ManifestLink[] {
    return this.#links.filter(({ proposal }) => proposal.manifest.epoch >= from).slice(0, manifestLinksMax);
  }

  /** Takes links that follow, and leaves out those it has. @throws BoopError `manifest.*`, `epoch.certificate`; what came before the bad link stays */
  take(links: readonly ManifestLink[]): void {
    for (const link of links) {
      if (link.proposal.manifest.epoch <= this.current.epoch) continue;
      const manifest = verifyManifestLink(link, { manifest: this.current });
      writeFileAtomic(this.#file, JSON.stringify([...this.#links, link]), 0o644);
      this.#links.push(link);
      this.#manifests.push(manifest);
      this.#log.info('another manifest is in force', { epoch: manifest.epoch });
      this.emit('change', manifest);
    }
  }

  /** Asks one connected node after the other, once a second. */
  start(sources: () => readonly ManifestSource[]): void {
    this.#timer = setInterval(() => void this.ask(sources()), periodMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Asks the next node that is connected. */
  async ask(sources: readonly ManifestSource[]): Promise<void> {
    const up = sources.filter(({ connected }) => connected);
    if (this.#asking || up.length === 0) return;
    this.#asking = true;
    this.#turn = (this.#turn + 1) % up.length;
    try {
      const { body, answer } = manifestMethods['manifest.chain'];
      const request = body.parse({ from: this.current.epoch + 1 });
      this.take(answer.parse(await up[this.#turn]!.request('manifest.chain', request, { timeoutMs })).links);
    } catch (error) {
      this.#log.debug('a node did not tell the manifests', { code: isBoopError(error) ? error.code : 'internal' });
    } finally {
      this.#asking = false;
    }
  }

  #resume(started: NetworkManifest): void {
    if (!existsSync(this.#file)) return;
    try {
      const links = linksSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
      // Whoever was given a newer manifest, or another first one, begins there.
      const first = links.findIndex(({ proposal }) => proposal.previous === manifestDigest(started));
      for (const link of first < 0 ? [] : links.slice(first)) {
        this.#manifests.push(verifyManifestLink(link, { manifest: this.current }));
        this.#links.push(link);
      }
    } catch (cause) {
      throw new BoopError('config.unreadable', `the chain of manifests in ${this.#file} is damaged`, { kind: 'fatal', cause });
    }
  }
}
