import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { fingerprintOfServices, nameOf, serviceAnchors, type ServiceDescriptor, type SignedService, signedServicesSchema, verifyServices } from '../services/service-descriptor.ts';
import { NodeFolder } from './node-folder.ts';

const acceptedFile = 'services.json';

/** Services that this custodian lets in. @throws BoopError `services.descriptor` */
export function acceptedServices(folder: NodeFolder): ServiceDescriptor[] {
  return listed(folder).map(({ descriptor }) => descriptor);
}

/**
 * Lets services in under the identities that they show, in place of those that had the same names. A running node takes it up by itself.
 * @param confirm the fingerprint of these services as their operator has read it out
 * @throws BoopError `node.not-joined`, `services.descriptor`, `services.other-network`, `services.other-fingerprint`
 */
export async function acceptServices(dir: string, file: string, confirm: (services: readonly ServiceDescriptor[], fingerprint: string) => Promise<string>): Promise<ServiceDescriptor[]> {
  const folder = NodeFolder.open(dir);
  const { networkId } = folder.manifest();
  const signed = read(file);
  const services = verifyServices(signed);
  if (services.some((service) => service.networkId !== networkId)) throw new BoopError('services.other-network', 'these services are of another network');
  const fingerprint = fingerprintOfServices(services);
  if ((await confirm(services, fingerprint)) !== fingerprint) throw new BoopError('services.other-fingerprint', 'the fingerprint is another one: somebody else may have handed over these services');
  const names = new Set(services.map(nameOf));
  await keep(folder, [...listed(folder).filter(({ descriptor }) => !names.has(nameOf(descriptor))), ...(signed as SignedService[])]);
  return services;
}

/** Lets a service in no longer; connections that are open stay until they end. @throws BoopError `services.unknown` */
export async function dismissService(dir: string, name: string): Promise<void> {
  const folder = NodeFolder.open(dir);
  const services = listed(folder);
  const kept = services.filter(({ descriptor }) => nameOf(descriptor) !== name);
  if (kept.length === services.length) throw new BoopError('services.unknown', 'no such service was accepted');
  await keep(folder, kept);
}

async function keep(folder: NodeFolder, services: readonly SignedService[]): Promise<void> {
  writeFileAtomic(folder.path(acceptedFile), `${JSON.stringify(services, null, 2)}\n`, 0o644);
  writeFileAtomic(folder.path('services.pem'), await serviceAnchors(services.map(({ descriptor }) => descriptor)), 0o644);
}

function listed(folder: NodeFolder): SignedService[] {
  const file = folder.path(acceptedFile);
  if (!existsSync(file)) return [];
  const parsed = signedServicesSchema.safeParse(read(file));
  if (!parsed.success) throw new BoopError('services.descriptor', `${file} has another form`);
  return parsed.data;
}

function read(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new BoopError('services.descriptor', `descriptors of services ${file} can't be read as JSON`);
  }
}
