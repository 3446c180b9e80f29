import { sessionIdOf } from '@boop/identity';
import { committeeFamily } from '@boop/mpc';
import { type Logger } from '@boop/platform';
import { type nodeMethods } from '@boop/protocol';
import { BoopError, type Clock, fromBase64Url, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { type z } from 'zod';
import { type SplitCheckService } from '../committees/split-check-service.ts';
import { preparedBytes, registrationEntry } from '../gallery/record.ts';
import { type RegistrationService } from '../gallery/registration-service.ts';
import { type GallerySync } from '../gallery/sync.ts';
import { type CertifiedStatement, type PeerAnswer, type PeerBody, type RegistrationCertificate, type RegistrationRecord } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { Mutex } from '../mutex.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { duplicate, notRecognised, samplesDisagree } from '../sessions/registration-transcript.ts';
import { type Investigator } from './investigation.ts';
import { logFailure, outward, within } from './outward.ts';
import { codeOf, type Led, type SessionLead } from './session-lead.ts';
import { Stages } from './stages.ts';
import { validReceipts } from './token-assembly.ts';

type Method = (typeof nodeMethods)['registration.run'];
type FindMethod = (typeof nodeMethods)['registration.find'];
export type RegistrationRequest = z.infer<Method['body']>;
export type RegistrationAnswer = z.infer<Method['answer']>;

const checkTimeoutMs = 20_000;
const storeTimeoutMs = 5_000;

/** Leads registrations, one at a time; all nodes take part in each, so that galleries stay equal. */
export class RegistrationLeader {
  readonly #input: {
    network: Network;
    peers: Peers;
    lead: SessionLead;
    splitChecks: SplitCheckService;
    investigator: Investigator;
    service: RegistrationService;
    sync: GallerySync;
    members: MemberVerifier;
    clock: Clock;
    rng: Rng;
    log: Logger;
    patience: number;
  };
  readonly #mutex = new Mutex();
  /** Sessions of registrations that this node leads now, or has yet to begin. */
  readonly #leading = new Map<string, number>();
  #waiting = 0;

  constructor(input: {
    network: Network;
    peers: Peers;
    lead: SessionLead;
    splitChecks: SplitCheckService;
    investigator: Investigator;
    service: RegistrationService;
    sync: GallerySync;
    members: MemberVerifier;
    clock: Clock;
    rng: Rng;
    log: Logger;
    patience: number;
  }) {
    this.#input = input;
  }

  /** @throws BoopError with a documented code only */
  async run(request: RegistrationRequest): Promise<RegistrationAnswer> {
    if (this.#waiting >= registrationsWaitingMax) throw new BoopError('service.overloaded', 'too many registrations wait', { kind: 'unavailable' });
    const session = sessionIdOf(request.context);
    this.#waiting += 1;
    this.#leading.set(session, (this.#leading.get(session) ?? 0) + 1);
    try {
      return await this.#mutex.run(() => this.#run(request));
    } finally {
      this.#waiting -= 1;
      const left = this.#leading.get(session)! - 1;
      if (left > 0) this.#leading.set(session, left);
      else this.#leading.delete(session);
    }
  }

  /** What is known here of a session's registration. A node that leads it doesn't know the end before it has answered. */
  find({ session }: z.infer<FindMethod['body']>): z.infer<FindMethod['answer']> {
    const { network, service } = this.#input;
    const found = service.find(session);
    if (found === 'open' || (!found && this.#leading.has(session))) return { state: 'open' };
    if (!found) return { state: 'none' };
    return { state: 'stored', verified: found.verified, entry: found.entry, receipt: { party: network.self, signature: found.receipt } };
  }

  async #run({ context, consent, split }: RegistrationRequest): Promise<RegistrationAnswer> {
    const { lead, network, sync, log, patience } = this.#input;
    const stages = new Stages();
    let led: Led | undefined;
    try {
      led = await stages.time('open', () => lead.open(context, split, consent, network.nodes));
      const opened = led;
      const { verdicts, verified } = await within(patience * checkTimeoutMs, this.#check(opened, stages));
      const answer = await sync.lead(opened.session.splitHash, () => stages.time('store', () => this.#store(opened, verdicts, verified)));
      log.info('registration stored', { session: opened.session.splitHash, verified, ...stages.summary() });
      return { ...answer, verified, stages: stages.summary() };
    } catch (error) {
      logFailure(log, 'registration', led?.session.splitHash, error);
      throw outward(error);
    } finally {
      if (led) this.#conclude(led);
    }
  }

  /** Ends the session, at once unless somebody lied in it. */
  #conclude(led: Led): void {
    const { lead, investigator } = this.#input;
    if (!investigator.isCalledFor(led)) return lead.end(led);
    void investigator.investigate(led).finally(() => lead.end(led));
  }

  /** The split is well-formed; samples agree, the palms are those that are to be replaced, if any, and nobody else has them: each said by a whole family of committees. */
  async #check(led: Led, stages: Stages): Promise<{ verdicts: CertifiedStatement[]; verified: boolean }> {
    const { network, lead, splitChecks } = this.#input;
    const checked = await stages.time('check', () => splitChecks.lead(led.session, led.opened));
    const { committees, verified } = committeeFamily(led.opened, network.nodes, network.threshold);
    const everyCommittee = async (operation: 'agree' | 'recognise' | 'de-duplicate') => await stages.time(operation, () => Promise.all(committees.map((committee) => lead.run(led, committee, operation))));
    const everyYes = async (operation: 'agree' | 'recognise', no: () => BoopError): Promise<CertifiedStatement[]> => {
      const verdicts = await everyCommittee(operation);
      if (verdicts.every((verdict) => !isTrue(verdict))) throw no();
      if (!verdicts.every(isTrue)) throw this.#disagreement(led, verdicts);
      return verdicts;
    };
    const agreements = await everyYes('agree', samplesDisagree);
    const recognitions = led.session.renewed ? await everyYes('recognise', notRecognised) : [];
    const searches = await everyCommittee('de-duplicate');
    if (searches.some(isTrue)) throw duplicate();
    return { verdicts: [...agreements, ...recognitions, ...searches], verified: checked && verified };
  }

  #disagreement({ session }: Led, verdicts: readonly CertifiedStatement[]): BoopError {
    const committees = verdicts.map(({ statement }) => statement.committee.join('-'));
    this.#input.log.error('committees disagree', { session: session.splitHash, all: committees });
    return new BoopError('mpc.disagreement', 'committees came to different results', { kind: 'peer' });
  }

  /** Two phases over all nodes. Once this node has committed, the registration stands: the others get it now or when they ask. */
  async #store(led: Led, verdicts: CertifiedStatement[], verified: boolean): Promise<{ entry: Uint8Array; receipts: RegistrationAnswer['receipts'] }> {
    const { network, service, clock, rng, members } = this.#input;
    const time = Math.floor(clock.nowMs() / 1000);
    const absences = await this.#absences(led, verdicts);
    const record = service.recordOf(led.session, { subjectId: toBase64Url(rng.bytes(16)), time, verified });
    const certificate = await this.#prepare(led, record, verdicts, absences);
    const own = await service.commit(certificate);
    const others = await this.#commitOthers(certificate);
    const entry = registrationEntry(record);
    return { entry, receipts: validReceipts(members, network.threshold, entry, [[network.self, own], ...others]) };
  }

  /** What all that hold the gallery state of it; each node checks them before it writes. */
  async #absences(led: Led, verdicts: CertifiedStatement[]): Promise<PeerBody<'gallery.prepare'>['absences']> {
    const { network, peers } = this.#input;
    const { splitHash } = led.session;
    const signed = await Promise.all(network.parties.map((party) => peers.request(party, 'gallery.absence', { splitHash, verdicts }, storeTimeoutMs)));
    return signed.map(({ signature }, at) => ({ party: network.parties[at]!, signature }));
  }

  async #prepare(led: Led, record: RegistrationRecord, verdicts: CertifiedStatement[], absences: PeerBody<'gallery.prepare'>['absences']): Promise<RegistrationCertificate> {
    const { network, peers, members } = this.#input;
    const { splitHash } = led.session;
    const results = await Promise.allSettled(network.parties.map((party) => peers.request(party, 'gallery.prepare', { splitHash, verdicts, absences, record }, storeTimeoutMs)));
    const bytes = preparedBytes(record);
    const signatures = results.flatMap((result, at) => (result.status === 'fulfilled' ? [{ party: network.parties[at]!, signature: result.value.signature }] : []));
    const complete = signatures.length === network.nodes && signatures.every(({ party, signature }) => members.verify(party, bytes, fromBase64Url(signature)));
    if (complete) return { record, signatures };
    for (const party of network.parties) peers.request(party, 'gallery.abort', { splitHash }, storeTimeoutMs).catch(() => undefined);
    throw results.find((result) => result.status === 'rejected')?.reason ?? new BoopError('gallery.certificate', 'a node signed another record', { kind: 'peer' });
  }

  async #commitOthers(certificate: RegistrationCertificate): Promise<[PartyId, PeerAnswer<'gallery.commit'>][]> {
    const { network, peers, log } = this.#input;
    const others = network.parties.filter((party) => party !== network.self);
    const results = await Promise.allSettled(others.map((party) => peers.request(party, 'gallery.commit', certificate, storeTimeoutMs)));
    return results.flatMap((result, at) => {
      if (result.status === 'fulfilled') return [[others[at]!, result.value]];
      log.warn('a node has not committed a registration yet', { peer: others[at], code: codeOf(result.reason) });
      return [];
    });
  }
}

const registrationsWaitingMax = 32;
const isTrue = ({ statement: { decision } }: CertifiedStatement): boolean => decision.kind === 'bit' && decision.bit;
