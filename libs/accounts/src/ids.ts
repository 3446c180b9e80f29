import { z } from 'zod';

/** `vendor.ID`, `person.ID` or `network.ID`: whose money it is. The database is partitioned by it. */
export const ownerField = z.string().regex(/^(vendor|person|network)\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

/** `OWNER:NAME`; the owner is part of the id, so that an id alone finds its partition. */
export const accountIdField = z.string().regex(/^(vendor|person|network)\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/);

/** `OWNER:ID`: who asked for the transfer, and the id that it gave. Ids of one owner never meet those of another. */
export const transferIdField = z.string().regex(/^(vendor|person|network)\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

/** The part of an account's or a transfer's id before the colon. */
export const ownerOf = (id: string): string => id.slice(0, id.indexOf(':'));

/** Expiry is a transfer of the ledger itself; no client can give an id of this form. */
export const expiryIdOf = (pendingId: string): string => `expiry/${pendingId}`;
