import { createHash } from 'node:crypto';
import { separated } from '@boop/identity';
import { canonicalJson, fromBase64Url, type PartyId, toBase64Url } from '@boop/shared';
import { type GalleryHead } from '../link/peer-methods.ts';
import { type MemberVerifier, refuse, type SessionView } from '../sessions/certified.ts';

export interface AbsenceSignature {
  readonly party: number;
  /** base64url */
  readonly signature: string;
}

/**
 * What a node signs before a registration is stored: among the registrations of exactly this head, which it holds, there is none of this session or split, none
 * waits, and the certified searches over its rows have found nobody. The same bytes at all nodes, whose heads are the same.
 */
export function absenceBytes({ networkId, epoch, sessionId, splitHash }: SessionView, head: GalleryHead): Uint8Array {
  return separated('boop-absence/1', canonicalJson({ networkId, epoch, session: sessionId, split: splitHash, rows: head.rows, gallery: head.digest }));
}

/** Names the statement in the record, which all nodes sign. */
export const absenceHash = (view: SessionView, head: GalleryHead): string => toBase64Url(new Uint8Array(createHash('sha256').update(absenceBytes(view, head)).digest()));

/** 2t+1 nodes, so t+1 honest ones, see the gallery that this node sees. @throws BoopError `registration.absence` */
export function verifyAbsences(view: SessionView, head: GalleryHead, absences: readonly AbsenceSignature[], members: MemberVerifier): void {
  const bytes = absenceBytes(view, head);
  const parties = new Set(absences.map(({ party }) => party));
  const known = parties.size === absences.length && absences.every(({ party }) => party <= view.nodes);
  if (!known || parties.size < 2 * view.threshold + 1 || !absences.every(({ party, signature }) => members.verify(party as PartyId, bytes, fromBase64Url(signature))))
    refuse('registration.absence', 'too few nodes state that nothing of this registration is stored in the gallery that this node has');
}
