import { createHash } from 'node:crypto';
import { idField, separated, verifySignature } from '@boop/identity';
import { type KeyCustody, peerUri, trustAnchor } from '@boop/platform';
import { BoopError, canonicalJson, fromBase64Url, toBase64Url } from '@boop/shared';
import { z } from 'zod';

const domain = 'boop-service-descriptor/1';

/** Services that have links to nodes. */
export const acceptedRoles = ['ledger', 'attributes', 'gateway'] as const;

/** Who a service is, for the custodians who let it in. */
const serviceDescriptorSchema = z.strictObject({
  v: z.literal(1),
  networkId: idField,
  role: z.enum(acceptedRoles),
  id: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/),
  /** Ed25519: issues the service's certificates. */
  identityKey: z.string().length(43),
});
export type ServiceDescriptor = z.infer<typeof serviceDescriptorSchema>;

const signedServiceSchema = z.strictObject({ descriptor: serviceDescriptorSchema, signature: z.string().length(86) });
/** Signed by the identity key in it: proof of its possession. */
export type SignedService = z.infer<typeof signedServiceSchema>;

export const signedServicesSchema = z.array(signedServiceSchema).max(16);

export function signService(custody: KeyCustody, about: Pick<ServiceDescriptor, 'networkId' | 'role' | 'id'>): SignedService {
  const descriptor = serviceDescriptorSchema.parse({ v: 1, ...about, identityKey: toBase64Url(custody.identityPublicKey) });
  return { descriptor, signature: toBase64Url(custody.signIdentity(separated(domain, canonicalJson(descriptor)))) };
}

/** @throws BoopError `services.descriptor` unless the form holds and each is signed by its own identity key */
export function verifyServices(value: unknown): ServiceDescriptor[] {
  const parsed = signedServicesSchema.safeParse(value);
  if (!parsed.success || parsed.data.length === 0) throw new BoopError('services.descriptor', 'descriptors of services have another form', { kind: 'peer' });
  for (const { descriptor, signature } of parsed.data) {
    if (!verifySignature(domain, canonicalJson(descriptor), signature, descriptor.identityKey)) throw new BoopError('services.descriptor', `the descriptor of ${nameOf(descriptor)} is not signed by its own identity key`, { kind: 'peer' });
  }
  return parsed.data.map(({ descriptor }) => descriptor);
}

export const nameOf = ({ role, id }: Pick<ServiceDescriptor, 'role' | 'id'>): string => `${role}/${id}`;

/** 128 bits that stand for all of these services, to be read aloud. */
export function fingerprintOfServices(services: readonly ServiceDescriptor[]): string {
  const sorted = [...services].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return createHash('sha256').update(canonicalJson(sorted)).digest('hex').slice(0, 32).match(/.{4}/g)!.join('-');
}

/** Each speaks for its own name alone. @returns PEM */
export async function serviceAnchors(services: readonly { readonly networkId: string; readonly role: 'ledger' | 'attributes' | 'gateway' | 'bridge'; readonly id: string; readonly identityKey: string }[]): Promise<string> {
  const anchors = await Promise.all(services.map(({ networkId, role, id, identityKey }) => trustAnchor(peerUri(networkId, { role, id }), fromBase64Url(identityKey))));
  return anchors.join('\n');
}
