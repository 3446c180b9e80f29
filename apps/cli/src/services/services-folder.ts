import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensurePrivateDirectory, type NodeCustody, openFileCustody, readManifest, systemRng, writeFileAtomic } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { fingerprintOf } from '../node/first-manifest.ts';
import { acceptedRoles, type SignedService, signService } from './service-descriptor.ts';

export const serviceRoles = [...acceptedRoles, 'bridge'] as const;
export type ServiceRole = (typeof serviceRoles)[number];
/** Name of a service that has no replicas. */
export const serviceId = 'main';

const settingsSchema = z.strictObject({ v: z.literal(1), portBase: z.number().int().min(1).max(65_435) });

/** An operator's folder with a network's gateway, bridge, ledger and attributes service. */
export class ServicesFolder {
  readonly dir: string;
  readonly portBase: number;

  private constructor(dir: string, portBase: number) {
    this.dir = dir;
    this.portBase = portBase;
  }

  /**
   * Makes an identity for each service and their descriptors for the custodians.
   * @param fingerprint of the manifest, as custodians have read it out
   * @throws BoopError `services.folder-taken`, `services.other-fingerprint`, `config.unreadable`, `manifest.invalid`
   */
  static async create(directory: string, { manifestFile, fingerprint, portBase }: { manifestFile: string; fingerprint: string; portBase: number }): Promise<{ folder: ServicesFolder; services: SignedService[] }> {
    const dir = resolve(directory);
    if (existsSync(dir) && readdirSync(dir).length > 0) throw new BoopError('services.folder-taken', `${dir} is not empty`);
    const manifest = readManifest(manifestFile);
    if (fingerprintOf(manifest) !== fingerprint) throw new BoopError('services.other-fingerprint', 'the manifest has another fingerprint than the one that custodians have read out');
    mkdirSync(dir, { recursive: true, mode: 0o711 });
    const folder = new ServicesFolder(dir, portBase);
    copyFileSync(manifestFile, folder.manifestFile);
    const { networkId } = manifest;
    const services = await Promise.all(acceptedRoles.map(async (role) => await folder.withIdentity(role, (custody) => signService(custody, { networkId, role, id: serviceId }))));
    writeFileAtomic(folder.path('services.json'), `${JSON.stringify(services, null, 2)}\n`, 0o644);
    writeFileAtomic(folder.path('settings.json'), `${JSON.stringify({ v: 1, portBase })}\n`, 0o644);
    return { folder, services };
  }

  /** @throws BoopError `services.no-folder` */
  static open(directory: string): ServicesFolder {
    const dir = resolve(directory);
    try {
      return new ServicesFolder(dir, settingsSchema.parse(JSON.parse(readFileSync(join(dir, 'settings.json'), 'utf8'))).portBase);
    } catch {
      throw new BoopError('services.no-folder', `${dir} holds no services: make them with boop services init`);
    }
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  /** The manifest that the operator was given. */
  get manifestFile(): string {
    return this.path('network.json');
  }

  get manifest(): NetworkManifest {
    return readManifest(this.manifestFile);
  }

  /** Does something with a service's identity; the key is closed afterwards. */
  async withIdentity<Result>(role: ServiceRole, use: (custody: NodeCustody) => Result | Promise<Result>): Promise<Result> {
    ensurePrivateDirectory(this.path(role));
    const custody = openFileCustody(this.path(role, 'keys'), systemRng);
    try {
      return await use(custody);
    } finally {
      custody.destroy();
    }
  }
}
