import { formatEntries, HASH_BYTES, parseEntries, type Tile, TILE_WIDTH, tilePath } from '@boop/log';
import { BoopError, fromBase64Url, fromUtf8 } from '@boop/shared';
import { z } from 'zod';
import { type LogSource, type MapHead } from './ports.ts';

const TIMEOUT_MS = 15_000;
const CHECKPOINT_BYTES_MAX = 1_000_000;
/** A bundle of 256 entries of 65,535 bytes. */
const TILE_BYTES_MAX = TILE_WIDTH * 65_537;
const TRANSITION_BYTES_MAX = 64_000_000;

const mapHeadSchema = z.object({ revision: z.number().int().min(1), root: z.string().length(43), leafIndex: z.number().int().min(0) });

/** A log (C2SP tlog-tiles) behind a URL; its map, where it has one, beside it under `/v1/ledger/map`. */
export class HttpLogSource implements LogSource {
  readonly name: string;
  readonly #base: string;

  constructor(url: string) {
    this.name = url;
    this.#base = url.replace(/\/+$/, '');
  }

  async checkpoint(): Promise<string> {
    const bytes = await this.#get('checkpoint', CHECKPOINT_BYTES_MAX);
    if (bytes === undefined) throw unavailable();
    return decoded(bytes);
  }

  /** A log may drop partial tiles once it has the full one (C2SP tlog-tiles), so that is asked for next. */
  async read(tile: Tile): Promise<Uint8Array> {
    const bytes = await this.#get(tilePath(tile), TILE_BYTES_MAX);
    if (bytes !== undefined) return bytes;
    const full = tile.width < TILE_WIDTH ? await this.#get(tilePath({ ...tile, width: TILE_WIDTH }), TILE_BYTES_MAX) : undefined;
    if (full === undefined) throw new BoopError('log.tile-missing', 'the log does not serve a tile of its tree', { kind: 'unavailable' });
    return tile.level === 'entries' ? formatEntries(parseEntries(full, TILE_WIDTH).slice(0, tile.width)) : full.slice(0, tile.width * HASH_BYTES);
  }

  async transition(revision: number): Promise<Uint8Array | undefined> {
    return this.#get(`v1/ledger/map/revisions/${revision}/transition`, TRANSITION_BYTES_MAX);
  }

  async mapHead(): Promise<MapHead | undefined> {
    const bytes = await this.#get('v1/ledger/map/head', CHECKPOINT_BYTES_MAX);
    if (bytes === undefined) return undefined;
    try {
      const { revision, root, leafIndex } = mapHeadSchema.parse(JSON.parse(decoded(bytes)));
      return { revision, root: fromBase64Url(root), leafIndex };
    } catch {
      throw new BoopError('monitor.malformed-map-head', 'the log serves something else than the head of a map', { kind: 'peer' });
    }
  }

  /** Undefined where there is nothing, or nothing yet (202). */
  async #get(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
      if (response.status === 404 || response.status === 202) return void (await response.body?.cancel());
      if (!response.ok) throw unavailable();
      return await readBounded(response, bytesMax);
    } catch (error) {
      if (error instanceof BoopError) throw error;
      throw unavailable(error);
    }
  }
}

const unavailable = (cause?: unknown): BoopError => new BoopError('monitor.unreachable', 'the log can not be read', { kind: 'unavailable', cause });

function decoded(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw new BoopError('log.malformed-note', 'not a signed note', { kind: 'peer' });
  }
}

async function readBounded(response: Response, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += (part as Uint8Array).length;
    if (size > bytesMax) throw new BoopError('monitor.oversized', 'the log serves more than it may', { kind: 'peer' });
    parts.push(part as Uint8Array);
  }
  return new Uint8Array(Buffer.concat(parts));
}
