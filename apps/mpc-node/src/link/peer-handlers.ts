import { type CeremonyService } from '../ceremony/ceremony-service.ts';
import { type TokenRollover } from '../ceremony/token-rollover.ts';
import { type CommitteeService } from '../committees/committee-service.ts';
import { type HolderKeysService } from '../committees/holder-keys-service.ts';
import { type RunService } from '../committees/run-service.ts';
import { type SplitCheckService } from '../committees/split-check-service.ts';
import { type ErasureService } from '../gallery/erasure-service.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type Registrar } from '../gallery/registrar.ts';
import { type RegistrationService } from '../gallery/registration-service.ts';
import { erasuresPerPage, type GallerySync } from '../gallery/sync.ts';
import { type AttributeRelease } from '../release/assemble-release.ts';
import { type PeerAnswer } from './peer-methods.ts';
import { type Budgets } from '../sessions/budgets.ts';
import { type SessionService } from '../sessions/session-service.ts';
import { type Session } from '../sessions/session.ts';
import { type SessionStore } from '../sessions/session-store.ts';
import { type DecisionService } from '../signing/decision-service.ts';
import { type SubjectService } from '../signing/subject-service.ts';
import { type OrderService } from '../subjects/order-service.ts';
import { ordersPerPage } from '../subjects/order-sync.ts';
import { type SubjectOrders } from '../subjects/subject-orders.ts';
import { type PeerHandlers } from './peers.ts';

/** What this node does for the others; everything but the arranging of runs is asked for by the leader of the session. */
export function peerHandlers(services: {
  release: AttributeRelease;
  gallery: Gallery;
  budgets: Budgets;
  sessions: SessionStore;
  service: SessionService;
  runs: RunService;
  committees: CommitteeService;
  holders: HolderKeysService;
  splitChecks: SplitCheckService;
  subjects: SubjectService;
  decisions: DecisionService;
  registrations: RegistrationService;
  registrar: Registrar;
  sync: GallerySync;
  erasures: ErasureService;
  ceremonies: CeremonyService;
  rollover: TokenRollover;
  orders: OrderService;
  subjectOrders: SubjectOrders;
}): PeerHandlers {
  const { release, gallery, budgets, sessions, service, runs, committees, holders, splitChecks, subjects, decisions, registrations, registrar, sync, erasures, ceremonies, rollover, orders, subjectOrders } = services;
  const nothing = {};
  const prepareToken = async (session: Session, candidate: () => number, authTime: number): Promise<PeerAnswer<'token.prepare'>> => {
    const row = candidate();
    await budgets.checkSubject(gallery.row(row).subjectId);
    return decisions.prepare(session, row, authTime);
  };
  return {
    'session.open': async (from, body) => {
      try {
        const { lacksRows } = await service.open(from, body);
        return lacksRows ? { ahead: true } : nothing;
      } finally {
        // A node that is behind catches up at once.
        void sync.settle();
      }
    },
    'session.end': async (from, { splitHash, verdicts }) => {
      const session = service.ledBy(from, splitHash);
      sessions.end(splitHash);
      if (verdicts) await service.noteAccepted(session, verdicts);
      return nothing;
    },
    'split.check': async (from, body) => {
      await splitChecks.join(from, await service.openedBy(from, body.splitHash), body);
      return nothing;
    },
    'holders.agree': async (from, body) => {
      await holders.joinAgreement(from, body);
      return nothing;
    },
    'run.take': async (from, { authTime, ...request }) => {
      const session = await service.openedBy(from, request.splitHash);
      const outcome = await runs.take(session, request);
      if (!outcome) return nothing;
      const prepared = authTime !== undefined && outcome.decision.kind === 'one' && (await prepareToken(session, () => decisions.candidateOf(session, outcome.decision, authTime), authTime).catch(() => undefined));
      return { outcome, ...(prepared && { prepared }) };
    },
    'run.lanes': async (from, body) => {
      await runs.noteLanes(from, body);
      return nothing;
    },
    'run.transcript': async (from, { splitHash, runId }) => runs.transcriptOf(service.ledBy(from, splitHash), runId),
    'committee.agree': async (from, body) => {
      await committees.joinAgreement(from, body);
      return nothing;
    },
    'pool.fill': async (from, body) => {
      await committees.joinFill(from, body);
      return nothing;
    },
    'token.prepare': async (from, body) => {
      const session = service.ledBy(from, body.splitHash);
      return await prepareToken(session, () => decisions.candidate(session, body), body.authTime);
    },
    'token.sign': async (from, body) => decisions.sign(service.ledBy(from, body.splitHash), body),
    'release.authorise': async (from, { splitHash, ...accepted }) => {
      const session = service.ledBy(from, splitHash);
      return await release.sessions.authorise(session, { ...decisions.accepted(session, accepted), authTime: accepted.authTime });
    },
    'subject.evaluate': async (from, body) => subjects.evaluate(service.ledBy(from, body.splitHash), body),
    'subject.judge': async (from, body) => {
      subjects.judge(service.ledBy(from, body.splitHash), body);
      return nothing;
    },
    'decision.reject': async (from, body) => decisions.reject(service.ledBy(from, body.splitHash), body),
    'gallery.absence': async (from, body) => registrations.stateAbsence(service.ledBy(from, body.splitHash), body),
    'gallery.prepare': async (from, body) => await registrations.prepare(from, service.ledBy(from, body.splitHash), body),
    'gallery.commit': async (_from, body) => await registrations.commit(body),
    'gallery.abort': async (from, { splitHash }) => {
      await registrar.abort(from, splitHash);
      return nothing;
    },
    'gallery.sync': async (_from, body) => sync.answer(body),
    'subject.erase': async (_from, body) => await erasures.erase(body),
    'subject.order': async (_from, body) => await orders.obey(body),
    'subject.orders': async (_from, { from }) => ({ orders: subjectOrders.all.slice(from, from + ordersPerPage) }),
    'gallery.erasures': async (_from, { from }) => ({ head: gallery.head, requests: registrar.erasures.slice(from, from + erasuresPerPage) }),
    'rollover.status': async () => rollover.status(),
    'rollover.start': async (from, body) => await rollover.join(from, body),
    'rollover.confirm': async (from, body) => {
      await rollover.confirm(from, body);
      return nothing;
    },
    'ceremony.status': async () => ceremonies.status(),
    'ceremony.start': async (from, body) => await ceremonies.join(from, body),
    'ceremony.confirm': async (from, body) => {
      await ceremonies.confirm(from, body);
      return nothing;
    },
  };
}
