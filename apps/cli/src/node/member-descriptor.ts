import { readFileSync } from 'node:fs';
import { separated, verifySignature } from '@boop/identity';
import { type KeyCustody } from '@boop/platform';
import { type Member, memberSchema } from '@boop/protocol';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';

const domain = 'boop-member-descriptor/1';

/** What a custodian says of the own node: all that a manifest will hold of it but its share index. */
export const memberDescriptorSchema = memberSchema.omit({ party: true }).extend({ v: z.literal(1) });
export type MemberDescriptor = z.infer<typeof memberDescriptorSchema>;

export const signedDescriptorSchema = z.strictObject({ descriptor: memberDescriptorSchema, signature: z.string().length(86) });
/** Signed by the identity key in it: proof of its possession. */
export type SignedDescriptor = z.infer<typeof signedDescriptorSchema>;

export function signDescriptor(custody: KeyCustody, about: Pick<Member, 'name' | 'jurisdiction' | 'host' | 'linkPort'>): SignedDescriptor {
  const descriptor = memberDescriptorSchema.parse({ v: 1, ...about, identityKey: toBase64Url(custody.identityPublicKey), hpkeKey: toBase64Url(custody.hpkePublicKey) });
  return { descriptor, signature: toBase64Url(custody.signIdentity(separated(domain, canonicalJson(descriptor)))) };
}

/** @throws BoopError `join.descriptor` unless its form holds and its own identity key has signed it */
export function verifyDescriptor(value: unknown): MemberDescriptor {
  const parsed = signedDescriptorSchema.safeParse(value);
  if (!parsed.success) throw new BoopError('join.descriptor', 'a member descriptor has another form', { kind: 'peer' });
  const { descriptor, signature } = parsed.data;
  if (!verifySignature(domain, canonicalJson(descriptor), signature, descriptor.identityKey)) throw new BoopError('join.descriptor', 'a member descriptor is not signed by its own identity key', { kind: 'peer' });
  return descriptor;
}

/** @throws BoopError `join.descriptor` */
export function readDescriptor(file: string): MemberDescriptor {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new BoopError('join.descriptor', `member descriptor ${file} can't be read as JSON`);
  }
  return verifyDescriptor(value);
}
