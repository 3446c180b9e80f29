import { type Tile } from '@boop/log';
import { type MonitorStore } from '../ports.ts';

export class MemoryStore implements MonitorStore {
  state: string | undefined;
  readonly tiles = new Map<string, Uint8Array>();

  async load(): Promise<string | undefined> {
    return this.state;
  }

  async save(state: string): Promise<void> {
    this.state = state;
  }

  async readTile({ level, index }: Pick<Tile, 'level' | 'index'>): Promise<Uint8Array | undefined> {
    return this.tiles.get(`${level}/${index}`);
  }

  async writeTile({ level, index }: Pick<Tile, 'level' | 'index'>, bytes: Uint8Array): Promise<void> {
    this.tiles.set(`${level}/${index}`, bytes);
  }
}
