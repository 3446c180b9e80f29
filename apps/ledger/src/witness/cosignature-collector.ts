import { setTimeout as sleep } from 'node:timers/promises';
import { consistencyProof, formatCosignature, formatSignatureLines, formatVerifierKey, parseCheckpoint, signatureOf, type TileReader, verifyCosignature } from '@boop/log';
import { type Logger } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { askNode, type NodePort } from '../checkpoints/node-port.ts';
import { type LogStore, type PublishedCheckpoint } from '../store/log-store.ts';
import { nodeCosigner } from './cosigners.ts';
import { type WitnessClient } from './witness-client.ts';

export interface CosignatureCollectorOptions {
  readonly manifest: NetworkManifest;
  readonly store: LogStore;
  readonly tiles: TileReader;
  readonly nodes: readonly NodePort[];
  readonly witnesses: readonly WitnessClient[];
  readonly log: Logger;
  /** How old a cosignature of a checkpoint that stays the newest may grow: clients look at the time in it. */
  readonly refreshMs: number;
}

/**
 * Gets the newest checkpoint cosigned, by each node with its identity (FROST hides who signed) and by the configured witnesses, and keeps one
 * cosignature of each. All are asked at the same time; who fails is asked again at the next checkpoint or refresh.
 */
export class CosignatureCollector {
  readonly #options: CosignatureCollectorOptions;
  #news = Promise.withResolvers<void>();

  constructor(options: CosignatureCollectorOptions) {
    this.#options = options;
  }

  /** Says that a checkpoint was published. */
  wake(): void {
    this.#news.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#news = Promise.withResolvers();
      await this.collect().catch((error: unknown) => this.#options.log.warn('cosignatures were not collected', { error }));
      await Promise.race([sleep(this.#options.refreshMs, undefined, { signal }).catch(() => undefined), this.#news.promise]);
    }
  }

  /** @returns how many cosignatures it got for the newest checkpoint */
  async collect(): Promise<number> {
    const { store, nodes, witnesses } = this.#options;
    const published = await store.published();
    if (!published) return 0;
    const asked = [
      ...nodes.filter(({ connected }) => connected).map((node) => this.#keep(published, `node ${node.party}`, () => this.#askNode(node, published))),
      ...witnesses.map((witness) => this.#keep(published, witness.key.name, () => this.#askWitness(witness, published))),
    ];
    return (await Promise.all(asked)).filter(Boolean).length;
  }

  async #keep({ size }: PublishedCheckpoint, cosigner: string, ask: () => Promise<{ vkey: string; line: string }>): Promise<boolean> {
    try {
      const { vkey, line } = await ask();
      await this.#options.store.cosign(size, vkey, line);
      return true;
    } catch (error) {
      // A node that is asked for a newer checkpoint meanwhile says so; that one gets its own turn.
      const code = isBoopError(error) ? error.code : 'log.internal';
      if (code !== 'log.wrong-base') this.#options.log.warn('a cosignature is missing', { cosigner, code });
      return false;
    }
  }

  async #askNode(node: NodePort, { size, root, note }: PublishedCheckpoint): Promise<{ vkey: string; line: string }> {
    const { manifest } = this.#options;
    const key = nodeCosigner(manifest, node.party);
    const { timeS, signature } = await askNode(node, 'checkpoint.cosign', { origin: manifest.logOrigin, size, root });
    const cosignature = formatCosignature(timeS, signature);
    if (verifyCosignature(key.publicKey, textOf(note), cosignature) === undefined) throw new BoopError('log.bad-answer', 'a node answered with a cosignature that is not valid', { kind: 'peer' });
    return { vkey: formatVerifierKey(key), line: formatSignatureLines([signatureOf(key, cosignature)]) };
  }

  async #askWitness(witness: WitnessClient, { note, size }: PublishedCheckpoint): Promise<{ vkey: string; line: string }> {
    const consistency = async (from: number): Promise<Uint8Array[]> => await consistencyProof(this.#options.tiles, from, size);
    return { vkey: formatVerifierKey(witness.key), line: await witness.cosign({ note, size, consistency }) };
  }
}

function textOf(note: string): string {
  const text = note.slice(0, note.lastIndexOf('\n\n') + 1);
  parseCheckpoint(text);
  return text;
}
