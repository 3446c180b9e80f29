import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CustodySettings, custodySettingsSchema, type NodeCustody, openCustody, readManifest, systemRng, writeFileAtomic } from '@boop/platform';
import { memberSchema, type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { z } from 'zod';

const address = z.strictObject({ host: z.string().min(1).max(255), port: z.number().int().min(1).max(65_535) });

/** What a custodian has decided about the own node; nothing in it is secret. */
export const nodeSettingsSchema = z.strictObject({
  v: z.literal(1),
  name: memberSchema.shape.name,
  jurisdiction: memberSchema.shape.jurisdiction,
  /** Where the other nodes reach this one. */
  link: address,
  /** Interface to listen on for them. */
  listen: z.string().min(1).max(255),
  health: address,
  metrics: address,
  /** Of the database server in this folder, when the node brings its own. */
  databasePort: z.number().int().min(1).max(65_535),
  custody: custodySettingsSchema,
});
export type NodeSettings = z.infer<typeof nodeSettingsSchema>;

const privateFolders = ['keys', 'tls', 'logs'];

/** A custodian's folder for one node. Others may pass through it, as the database server must; what is private in it has modes of its own. */
export class NodeFolder {
  readonly dir: string;
  readonly settings: NodeSettings;

  private constructor(dir: string, settings: NodeSettings) {
    this.dir = dir;
    this.settings = settings;
  }

  /** Makes an empty folder a node's. @throws BoopError `node.folder-taken` */
  static create(directory: string, settings: NodeSettings): NodeFolder {
    const dir = resolve(directory);
    if (existsSync(join(dir, 'node.json'))) throw new BoopError('node.folder-taken', `${dir} holds a node already`);
    // What an attempt that was refused has left is no obstacle to the next one.
    const isOurs = (name: string): boolean => name === 'passphrase' || (privateFolders.includes(name) && readdirSync(join(dir, name)).length === 0);
    if (readdirIfThere(dir).some((name) => !isOurs(name))) throw new BoopError('node.folder-taken', `${dir} is not empty`);
    mkdirSync(dir, { recursive: true, mode: 0o711 });
    const folder = new NodeFolder(dir, nodeSettingsSchema.parse(settings));
    for (const name of privateFolders) mkdirSync(folder.path(name), { recursive: true, mode: 0o700 });
    return folder;
  }

  /** @throws BoopError `node.no-folder` */
  static open(directory: string): NodeFolder {
    const dir = resolve(directory);
    let settings: NodeSettings;
    try {
      settings = nodeSettingsSchema.parse(JSON.parse(readFileSync(join(dir, 'node.json'), 'utf8')));
    } catch {
      throw new BoopError('node.no-folder', `${dir} holds no node: make one with boop node init`);
    }
    return new NodeFolder(dir, settings);
  }

  /** The last step of its creation: a folder without settings counts as empty. */
  keepSettings(): void {
    writeFileAtomic(this.path('node.json'), `${JSON.stringify(this.settings, null, 2)}\n`, 0o644);
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  get manifestFile(): string {
    return this.path('network.json');
  }

  get configFile(): string {
    return this.path('config.yaml');
  }

  get joined(): boolean {
    return existsSync(this.configFile);
  }

  /** @throws BoopError `node.not-joined` */
  manifest(): NetworkManifest {
    if (!this.joined) throw new BoopError('node.not-joined', `the node in ${this.dir} is in no network yet: boop node join`);
    return readManifest(this.manifestFile);
  }

  /** @throws BoopError `custody.*` */
  async custody(): Promise<NodeCustody> {
    return await openCustody(absolute(this.settings.custody, this.dir), this.path('keys'), systemRng);
  }

  /** The custody's settings with paths that hold wherever the node is started. */
  get custodySettings(): CustodySettings {
    return absolute(this.settings.custody, this.dir);
  }
}

function absolute(custody: CustodySettings, dir: string): CustodySettings {
  if (custody.kind === 'pkcs11') return { ...custody, pinFile: resolve(dir, custody.pinFile) };
  return custody.passphraseFile === undefined ? custody : { ...custody, passphraseFile: resolve(dir, custody.passphraseFile) };
}

function readdirIfThere(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
