import { idField, type Position, positionSchema, positions as allPositions } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { registrationReceiptSchema } from './channels.ts';

/** `POST /v1/registrations`. Without `positions` both palms; `locale` (BCP 47) chooses the language of the consent text. */
export const createRegistrationSchema = z.strictObject({
  positions: z.array(positionSchema).min(1).max(2).optional(),
  locale: z.string().max(35).regex(/^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$/).optional(),
});
export type CreateRegistration = z.infer<typeof createRegistrationSchema>;

export const registrationStatuses = ['waiting', 'in-progress', 'succeeded', 'failed', 'cancelled', 'expired'] as const;
export type RegistrationStatus = (typeof registrationStatuses)[number];

/** What the one who invited may know: how far it is and the nodes' receipt, nothing of the person. */
export const registrationSchema = z.strictObject({
  id: idField,
  /** `waiting`: the link was not opened yet. */
  status: z.enum(registrationStatuses),
  positions: z.array(positionSchema),
  createdAt: z.string(),
  /** Of the link until it is opened, of the session from then on. */
  expiresAt: z.string(),
  openedAt: z.string().optional(),
  receipt: registrationReceiptSchema.optional(),
});
export type Registration = z.infer<typeof registrationSchema>;

/** `GET /v1/registrations`: newest first; `next` is the cursor of the next page. */
export const registrationListSchema = z.strictObject({ registrations: z.array(registrationSchema), next: z.string().optional() });

/** Answer to creating: the only time that the link is shown. */
export const registrationWithLinkSchema = registrationSchema.extend({ link: z.string() });
export type RegistrationWithLink = z.infer<typeof registrationWithLinkSchema>;

/** What a registration link says. The secret opens one session, once. */
export interface RegistrationInvitation {
  readonly registrationId: string;
  readonly secret: string;
  readonly positions: readonly Position[];
}

const linkForm = /#\/register\?id=([A-Za-z0-9_.-]{1,128})&secret=([A-Za-z0-9_-]{43})&palms=([a-z,-]{1,64})$/;

/** The page of the console with everything in the fragment, which browsers send to no server. */
export const registrationLinkOf = (console: string, { registrationId, secret, positions }: RegistrationInvitation): string =>
  `${console}/#/register?id=${registrationId}&secret=${secret}&palms=${positions.join(',')}`;

/** @throws BoopError `link.malformed` */
export function parseRegistrationLink(link: string): RegistrationInvitation {
  const [, registrationId, secret, palms] = linkForm.exec(link) ?? [];
  const named = palms?.split(',') ?? [];
  const positions = allPositions.filter((position) => named.includes(position));
  if (registrationId === undefined || secret === undefined || positions.length !== named.length) throw new BoopError('link.malformed', 'this is no registration link');
  return { registrationId, secret, positions };
}
