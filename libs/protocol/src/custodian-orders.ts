import { bytesField, idField, separated } from '@boop/identity';
import { BoopError, equalBytes, fromBase64Url, fromUtf8, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { type NetworkManifest } from './manifest.ts';
import { type PalmErasure, palmErasureBytes, palmErasureDomain, palmErasureSchema } from './palm-erasure.ts';
import { type SubjectOrder, subjectOrderBytes, subjectOrderDomain, subjectOrderSchema, subjectReceiptSchema } from './subjects.ts';

/**
 * `POST /v1/subjects/orders`: what an admin wants done about somebody who doesn't ask for it. It is done once t+1 custodians have signed: see
 * {@link custodianOrderOf} for what each has to look at before.
 */
export const createCustodianOrderSchema = z.strictObject({
  action: z.enum(['suspend', 'resume', 'erase']),
  accountKey: bytesField(32),
  /** For custodians, who answer for it. Part of what they sign; not in the log. */
  reason: z.string().min(1).max(200),
});
export type CreateCustodianOrder = z.infer<typeof createCustodianOrderSchema>;

export const custodianOrderStatuses = ['waiting', 'done', 'refused', 'expired'] as const;
export const custodianOrderSchema = z.strictObject({
  id: idField,
  ...createCustodianOrderSchema.shape,
  status: z.enum(custodianOrderStatuses),
  /** Canonical JSON of what is signed, base64url. */
  document: z.string().max(4_000),
  signaturesNeeded: z.number().int().min(2),
  /** Custodians whose signature is there. */
  signedBy: z.array(z.number().int()).max(7),
  createdBy: idField,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** When done: every node's receipt. */
  receipt: subjectReceiptSchema.optional(),
  /** When refused: the nodes' code. */
  code: z.string().optional(),
});
export type CustodianOrder = z.infer<typeof custodianOrderSchema>;
export const custodianOrderListSchema = z.strictObject({ orders: z.array(custodianOrderSchema), next: z.string().optional() });

/** `POST /v1/subjects/orders/{id}/signatures` */
export const signCustodianOrderSchema = z.strictObject({ party: z.number().int().min(1).max(255), /** Ed25519 by the identity key of the custodian's node. */ signature: bytesField(64) });

export type CustodianDocument = { readonly domain: typeof subjectOrderDomain; readonly record: SubjectOrder } | { readonly domain: typeof palmErasureDomain; readonly record: PalmErasure };

/** Bytes of a document as `document` tells them. */
export const documentOf = ({ domain, record }: CustodianDocument): string => toBase64Url(domain === subjectOrderDomain ? subjectOrderBytes(record) : palmErasureBytes(record));

/**
 * What a custodian would sign, read strictly: unknown fields and bytes that are not canonical are refused.
 * @throws BoopError `subject.malformed-order`, `subject.wrong-network`
 */
export function custodianOrderOf(document: string, { networkId }: Pick<NetworkManifest, 'networkId'>): CustodianDocument {
  const parsed = parse(document);
  if (!parsed || !equalBytes(fromBase64Url(documentOf(parsed)), fromBase64Url(document))) throw new BoopError('subject.malformed-order', 'not an order about a person');
  if (parsed.record.networkId !== networkId) throw new BoopError('subject.wrong-network', 'the order is for another network');
  return parsed;
}

/** The bytes that a custodian's identity key signs. */
export const custodianOrderMessage = (document: CustodianDocument): Uint8Array => separated(document.domain, fromBase64Url(documentOf(document)));

function parse(document: string): CustodianDocument | undefined {
  try {
    const value: unknown = JSON.parse(fromUtf8(fromBase64Url(document)));
    const order = subjectOrderSchema.safeParse(value);
    if (order.success) return { domain: subjectOrderDomain, record: order.data };
    const erasure = palmErasureSchema.safeParse(value);
    return erasure.success ? { domain: palmErasureDomain, record: erasure.data } : undefined;
  } catch {
    return undefined;
  }
}
