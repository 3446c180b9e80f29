import { consentHash } from '@boop/identity';
import { BoopError, equalBytes, type PartyId, toBase64Url } from '@boop/shared';
import { type PeerAnswer, type PeerBody, type RegistrationCertificate, type RegistrationRecord } from '../link/peer-methods.ts';
import { type Network } from '../network.ts';
import { enrolmentItems } from '../sessions/admission.ts';
import { type MemberVerifier, refuse } from '../sessions/certified.ts';
import { checkRegistration } from '../sessions/registration-transcript.ts';
import { type Session } from '../sessions/session.ts';
import { type DecisionService } from '../signing/decision-service.ts';
import { absenceBytes, absenceHash, verifyAbsences } from './absence.ts';
import { type Gallery } from './gallery.ts';
import { preparedBytes, registrationEntry } from './record.ts';
import { type Registrar } from './registrar.ts';

/** A node's part in storing a person: nothing is kept that its own session and the verified statements don't say. */
export class RegistrationService {
  readonly #input: { network: Network; gallery: Gallery; registrar: Registrar; decisions: DecisionService; members: MemberVerifier; signIdentity: (bytes: Uint8Array) => Uint8Array };

  constructor(input: { network: Network; gallery: Gallery; registrar: Registrar; decisions: DecisionService; members: MemberVerifier; signIdentity: (bytes: Uint8Array) => Uint8Array }) {
    this.#input = input;
  }

  /** What every node would write for this session. One that replaces another keeps its subject, whatever is chosen. */
  recordOf(session: Session, chosen: { subjectId: string; time: number; verified: boolean }): RegistrationRecord {
    const { networkId, epoch, sessionId, splitHash } = session.view;
    const { positions } = session.registration;
    const { retentionSeconds } = this.#input.network.manifest.consentTexts.find(({ version }) => version === session.consent?.record.textVersion) ?? {};
    if (!session.consent) throw new BoopError('consent.missing', 'no consent was given');
    return {
      v: 1,
      networkId,
      epoch,
      sessionId,
      splitHash,
      consent: consentHash(session.consent),
      accountKey: session.consent.record.accountKey,
      ...(session.renewed ? { subjectId: session.renewed.subjectId, replaces: session.renewed.splitHash } : { subjectId: chosen.subjectId }),
      firstSlot: session.galleryRows,
      absence: absenceHash(session.view, this.#input.gallery.head),
      positions: [...positions],
      encoder: session.header.encoder,
      ...(retentionSeconds !== undefined && { retainUntil: chosen.time + retentionSeconds }),
      verified: chosen.verified,
      time: chosen.time,
    };
  }

  /**
   * Before the first phase: signs that this node holds nothing of this registration, and that it was searched for over all that it holds.
   * @throws BoopError as {@link prepare}; `registration.absence`
   */
  stateAbsence(session: Session, { verdicts }: PeerBody<'gallery.absence'>): PeerAnswer<'gallery.absence'> {
    const { gallery, registrar, members, signIdentity } = this.#input;
    const { head } = gallery;
    checkRegistration(session.view, verdicts, { galleryRows: head.rows, renews: session.renewed?.splitHash }, members);
    if (registrar.pendingId !== undefined || registrar.certificatesOf([session.splitHash]).length > 0 || registrar.ofSession(session.view.sessionId) !== undefined) refuse('registration.absence', 'something is stored of this registration, or of another one that waits');
    return { signature: toBase64Url(signIdentity(absenceBytes(session.view, head))) };
  }

  /**
   * First phase: checks the statements, those of 2t+1 nodes that nothing is stored of it among them, stores the rows durably but invisibly, and signs that it has.
   * @throws BoopError `registration.samples-disagree`, `registration.not-recognised`, `registration.duplicate`, `registration.nothing-to-renew`, `registration.absence`, `gallery.slot-taken`, `split.unchecked`, `transcript.*`
   */
  async prepare(from: PartyId, session: Session, { verdicts, absences, record }: PeerBody<'gallery.prepare'>): Promise<PeerAnswer<'gallery.prepare'>> {
    const { network, gallery, registrar, decisions, members, signIdentity } = this.#input;
    decisions.checkTime(session, record.time);
    // A malformed row would match everybody who comes.
    if (!session.splitPassed && network.nodes >= network.verifiableSize) refuse('split.unchecked', 'this node has not seen the split pass its check');
    const { verified } = checkRegistration(session.view, verdicts, { galleryRows: gallery.rows, renews: session.renewed?.splitHash }, members);
    verifyAbsences(session.view, gallery.head, absences, members);
    const own = preparedBytes(this.recordOf(session, { subjectId: record.subjectId, time: record.time, verified }));
    if (!equalBytes(own, preparedBytes(record))) refuse('registration.other-record', 'the record is not the one that this session calls for');
    // A leader that chose the id of somebody else would give this person that one's identity.
    if (!session.renewed && gallery.hasSubject(record.subjectId)) refuse('registration.known-subject', 'the subject id is in use');
    const shares = enrolmentItems(session.registration, session.header.items).map(({ reference }) => session.share(reference));
    await registrar.prepare(from, record, shares);
    return { signature: toBase64Url(signIdentity(own)) };
  }

  /** Second phase: with the signatures of all nodes the rows become visible. @throws BoopError `gallery.certificate`, `gallery.unknown-registration` */
  async commit(certificate: RegistrationCertificate): Promise<PeerAnswer<'gallery.commit'>> {
    await this.#input.registrar.commit(certificate);
    return { receipt: this.#input.decisions.receipt(registrationEntry(certificate.record)) };
  }

  /** What is stored here of a session, with this node's receipt for the log entry; `open` while it is prepared only. */
  find(sessionId: string): { verified: boolean; entry: Uint8Array; receipt: string } | 'open' | undefined {
    const { registrar, decisions } = this.#input;
    const found = registrar.ofSession(sessionId);
    if (found === undefined || found === 'open') return found;
    const entry = registrationEntry(found);
    return { verified: found.verified, entry, receipt: decisions.receipt(entry) };
  }
}
