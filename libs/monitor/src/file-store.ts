import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tile, tilePath } from '@boop/log';
import { ensurePrivateDirectory, writeFileAtomic } from '@boop/platform';
import { type MonitorStore } from './ports.ts';

/** A monitor's folder: `state.json` and the mirror as `tile/<L>/<N>`, each in its widest form. */
export class FileMonitorStore implements MonitorStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    ensurePrivateDirectory(folder);
  }

  async load(): Promise<string | undefined> {
    const file = join(this.#folder, 'state.json');
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  async save(state: string): Promise<void> {
    writeFileAtomic(join(this.#folder, 'state.json'), state);
  }

  async readTile(place: Pick<Tile, 'level' | 'index'>): Promise<Uint8Array | undefined> {
    const file = this.#fileOf(place);
    return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
  }

  async writeTile(place: Pick<Tile, 'level' | 'index'>, bytes: Uint8Array): Promise<void> {
    const file = this.#fileOf(place);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileAtomic(file, bytes);
  }

  #fileOf({ level, index }: Pick<Tile, 'level' | 'index'>): string {
    return join(this.#folder, tilePath({ level, index, width: 256 }));
  }
}
