import { createPrivateKey, sign } from 'node:crypto';
import { assembleToken, type AuthenticationContext, consentHash, idTokenClaims, sessionIdOf, SigningKey, tokenSigningInput } from '@boop/identity';
import { type Handlers, LinkServer, systemRng, type TlsMaterial } from '@boop/platform';
import { type EntryReceipt, type LogEntry, logEntryBytes, logEntryHash, type MissingAttributes, type NetworkManifest, nodeMethods, parseManifest, splitFor, splitHash, deriveHpkeKeyPair, ledgerMethods } from '@boop/protocol';
import { BoopError, canonicalJson, fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { FakeSubjects } from './fake-subjects.ts';
import { sha256 } from '@noble/hashes/sha2.js';

export const networkId = 'test-net';
export const encoder = 'palm-compcode-1';
/** Of the releases that the manifest admits. */
export const software = [toBase64Url(sha256(utf8('release 1'))), toBase64Url(sha256(utf8('release 2')))];
/** Everybody whom these nodes recognise. */
export const fakeSub = 'subject';

export interface NodeBehaviour {
  ready: boolean;
  /** What the nodes decide; an error is what they throw. */
  decision: { accepted: boolean; reason: 'ok' | 'no-match' | 'unverified' | 'user-missing-attributes' | 'vendor-not-consented'; verified: boolean } | BoopError;
  /** What they find missing then, and who of them. */
  missing?: { names: string[]; signers?: number[] } | undefined;
  /** Changes the answer before it is sent, as a lying leader would. */
  lie?: ((answer: AuthenticationAnswer) => AuthenticationAnswer) | undefined;
  delayMs: number;
  /** Nodes sign for whoever is there, whomever the context claims. */
  heedless?: boolean | undefined;
  /** Whom a lying leader names before the token is signed. */
  heldSub?: string | undefined;
  /** A registration is stored and its answer lost. */
  losesRegistrations?: boolean | undefined;
  /** Parties that hold a registration without knowing whether all do. */
  undecided?: readonly number[] | undefined;
}
type AuthenticationAnswer = { accepted: boolean; reason: string; verified: boolean; idToken?: string; missing?: MissingAttributes; entry: Uint8Array; receipts: EntryReceipt[]; stages: Record<string, number> };

type AuthenticationRequest = { context: AuthenticationContext; split: Parameters<typeof splitFor>[0] };

/** N nodes that answer like a network which has computed, over the real link; "group" keys are plain Ed25519 keys. */
export class FakeNetwork {
  readonly identities: SigningKey[];
  tokenSecret: Uint8Array = systemRng.bytes(32);
  #nextTokenSecret: Uint8Array | undefined;
  readonly logKey = SigningKey.generate(systemRng).publicKey;
  readonly behaviour: NodeBehaviour = { ready: true, decision: { accepted: true, reason: 'ok', verified: true }, delayMs: 0 };
  readonly seen: { party: number; method: string; body: unknown }[] = [];
  readonly manifest: NetworkManifest;
  readonly subjects: FakeSubjects;
  readonly #tls: readonly TlsMaterial[];
  readonly #servers = new Map<number, LinkServer>();
  readonly #held = new Map<string, () => AuthenticationAnswer>();
  /** By session. */
  readonly #registered = new Map<string, { verified: boolean; entry: Uint8Array }>();

  private constructor(identities: SigningKey[], manifest: NetworkManifest, tls: readonly TlsMaterial[]) {
    this.identities = identities;
    this.manifest = manifest;
    this.subjects = new FakeSubjects(manifest, (entry) => this.receipts(entry));
    this.#tls = tls;
  }

  static async create(options: { nodes: number; threshold: number; ports: readonly number[]; tls: readonly TlsMaterial[] }): Promise<FakeNetwork> {
    const identities = options.ports.map(() => SigningKey.generate(systemRng));
    const members = await Promise.all(
      identities.map(async ({ publicKey }, i) => ({
        party: i + 1,
        name: `node-${i + 1}`,
        jurisdiction: 'NL',
        identityKey: publicKey,
        hpkeKey: (await deriveHpkeKeyPair(systemRng.bytes(32))).publicKey,
        host: '127.0.0.1',
        linkPort: options.ports[i]!,
      })),
    );
    const manifest = parseManifest({
      v: 1,
      networkId,
      testNetwork: true,
      epoch: 1,
      threshold: options.threshold,
      members,
      logOrigin: 'boop.example/log',
      operatingPoints: [{ id: 'standard', encoder, falseMatchRate: 1e-6, theta: 0 }],
      defaultOperatingPoint: 'standard',
      software,
      livenessChecks: [{ id: 'palm-passive-1', level: 1, publicKey: identities[0]!.publicKey }],
      consentTexts: [
        { version: 'v1-en', locale: 'en', title: 'Consent', text: 'You agree.' },
        { version: 'v1-de', locale: 'de', title: 'Einwilligung', text: 'Sie stimmen zu.' },
      ],
    });
    return new FakeNetwork(identities, manifest, options.tls);
  }

  async up(...parties: number[]): Promise<void> {
    for (const party of parties) {
      const server = new LinkServer({ tls: this.#tls[party - 1]!, networkId, authorize: ({ role }) => role === 'gateway', handlers: this.#handlers(party) });
      await server.listen(this.manifest.members[party - 1]!.linkPort, '127.0.0.1');
      this.#servers.set(party, server);
    }
  }

  async down(...parties: number[]): Promise<void> {
    for (const party of parties) {
      await this.#servers.get(party)?.close();
      this.#servers.delete(party);
    }
  }

  async close(): Promise<void> {
    await this.down(...this.#servers.keys());
  }

  receipts(entry: Uint8Array, parties = [1, 2, 3]): EntryReceipt[] {
    return parties.map((party) => ({ party, signature: this.identities[party - 1]!.sign('boop-log-entry/1', entry) }));
  }

  /** A list as these parties sign it. */
  missing(sessionId: string, split: AuthenticationRequest['split'], names: string[], parties = [1, 2, 3]): MissingAttributes {
    const statement = canonicalJson({ networkId, epoch: 1, session: sessionId, split: splitHash(splitFor(split, 1)), missing: names });
    return { names, signatures: parties.map((party) => ({ party, signature: this.identities[party - 1]!.sign('boop-missing-attributes/1', statement) })) };
  }

  #handlers(party: number): Handlers {
    return {
      request: async (_peer, method, body) => {
        if (method === 'node.status') return this.#status(party);
        if (method === 'manifest.chain') return { links: [] };
        if (method === 'epoch.current') return { manifest: this.manifest, entries: [] };
        if (method === 'registration.find') return this.#find(party, nodeMethods[method].body.parse(body).session);
        if (method.startsWith('subject.')) return this.subjects.answer(party, method, body);
        this.seen.push({ party, method, body });
        if (this.behaviour.delayMs) await new Promise((resolve) => setTimeout(resolve, this.behaviour.delayMs));
        let { decision } = this.behaviour;
        if (decision instanceof BoopError) throw decision;
        const asks = method === 'authentication.run' || method === 'authentication.match';
        if (asks && !this.behaviour.heedless) decision = claimed(nodeMethods[method].body.parse(body).context, decision);
        if (method === 'authentication.run') return this.#authenticate(nodeMethods[method].body.parse(body), decision);
        if (method === 'authentication.match') return this.#match(nodeMethods[method].body.parse(body), decision);
        if (method === 'authentication.sign') return this.#sign(nodeMethods[method].body.parse(body));
        if (method === 'registration.run') return this.#register(nodeMethods[method].body.parse(body), decision.verified);
        throw new BoopError('link.unknown-method', 'no such method');
      },
      session() {},
    };
  }

  get tokenKey(): string {
    return SigningKey.fromSecret(this.tokenSecret).publicKey;
  }

  /** From now on all nodes name a next token key. @returns it */
  announceTokenKey(): string {
    this.#nextTokenSecret = systemRng.bytes(32);
    return SigningKey.fromSecret(this.#nextTokenSecret).publicKey;
  }

  /** From now on all nodes sign with the key that was announced, or with one that nobody has heard of. */
  rollTokenKey(): void {
    this.tokenSecret = this.#nextTokenSecret ?? systemRng.bytes(32);
    this.#nextTokenSecret = undefined;
  }

  #status(party: number) {
    const live = [...this.#servers.keys()].sort();
    const key = (name: string, publicKey: string) => ({ name, suite: 'ed25519', signers: 3, publicKey });
    return { party, epoch: 1, ready: this.behaviour.ready, live, galleryRows: 2, correlations: 8, uptimeSeconds: 1, groupKeys: [key('token', this.tokenKey), key('log', this.logKey), ...(this.#nextTokenSecret ? [key('token-next', SigningKey.fromSecret(this.#nextTokenSecret).publicKey)] : [])] };
  }

  #authenticate({ context, split }: AuthenticationRequest, decision: Exclude<NodeBehaviour['decision'], BoopError>): AuthenticationAnswer {
    const session = sessionIdOf(context);
    const time = Math.floor(Date.now() / 1000);
    const { accepted, verified } = decision;
    const token = accepted ? this.#token(context, split.header.splitAt, verified, time) : undefined;
    const entry = logEntryBytes({
      v: 1,
      networkId,
      epoch: 1,
      time,
      kind: 'authentication',
      session,
      decision: accepted ? 'accepted' : 'rejected',
      verified,
      ...(token ? { token: toBase64Url(sha256(utf8(token.slice(0, token.lastIndexOf('.'))))) } : {}),
    } as LogEntry);
    const { missing } = this.behaviour;
    const answer = { ...decision, ...(token ? { idToken: token } : {}), ...(missing && { missing: this.missing(session, split, missing.names, missing.signers) }), entry, receipts: this.receipts(entry), stages: { identify: 3.5 } };
    return this.behaviour.lie ? this.behaviour.lie(answer) : answer;
  }

  /** Holds what would be accepted until `authentication.sign`. */
  #match(request: AuthenticationRequest, decision: Exclude<NodeBehaviour['decision'], BoopError>) {
    if (!decision.accepted) return this.#authenticate(request, decision);
    this.#held.set(sessionIdOf(request.context), () => this.#authenticate(request, decision));
    return { held: { sub: this.behaviour.heldSub ?? fakeSub, verified: decision.verified } };
  }

  #sign({ session, sign: wanted }: { session: string; sign: boolean }) {
    const held = this.#held.get(session);
    this.#held.delete(session);
    if (!held) throw new BoopError('mpc.aborted', 'no such session is held', { kind: 'peer' });
    return wanted ? held() : { dropped: true };
  }

  #token(context: AuthenticationContext, splitAt: 'edge' | 'gateway', verified: boolean, authTime: number): string {
    const assurance = { modality: 'palm', nodes: this.manifest.members.length, threshold: this.manifest.threshold, verified } as const;
    const input = tokenSigningInput(idTokenClaims({ context, sub: fakeSub, assurance, splitAt, epoch: 1, authTime }), fromBase64Url(this.tokenKey));
    const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d: toBase64Url(this.tokenSecret), x: this.tokenKey }, format: 'jwk' });
    return assembleToken(input, new Uint8Array(sign(null, input, key)));
  }

  #register({ context, consent, split }: { context: Parameters<typeof sessionIdOf>[0]; consent: Parameters<typeof consentHash>[0]; split: Parameters<typeof splitFor>[0] }, verified: boolean) {
    const entry = logEntryBytes({ v: 1, networkId, epoch: 1, time: 5, kind: consent.record.renews === undefined ? 'registration' : 're-enrolment', session: sessionIdOf(context), consent: consentHash(consent), split: splitHash(splitFor(split, 1)), verified });
    this.#registered.set(sessionIdOf(context), { verified, entry });
    if (this.behaviour.losesRegistrations) throw new BoopError('link.unavailable', 'the leader died', { kind: 'unavailable' });
    return { verified, entry, receipts: this.receipts(entry), stages: {} };
  }

  /** What nodes that have stored a registration say of it. */
  #find(party: number, session: string) {
    const found = this.#registered.get(session);
    if (this.behaviour.undecided?.includes(party)) return { state: 'open' };
    return found ? { state: 'stored', ...found, receipt: this.receipts(found.entry, [party])[0]! } : { state: 'none' };
  }
}

/** Nodes accept nobody but the person who is claimed. */
const claimed = <D extends Exclude<NodeBehaviour['decision'], BoopError>>({ subject }: AuthenticationContext, decision: D) =>
  subject === undefined || subject === fakeSub ? decision : ({ accepted: false, reason: 'no-match', verified: false } as const);

/** A ledger that remembers what it was given. `losesAnswers`: it stores the entry and the answer never arrives. */
export class FakeLedger {
  readonly entries: string[] = [];
  losesAnswers = 0;
  refuses = false;
  checkpointsWait = false;
  /** Answers what is asked of accounts. */
  accounts: ((method: string, body: unknown) => unknown) | undefined;
  readonly #server: LinkServer;

  constructor(tls: TlsMaterial) {
    this.#server = new LinkServer({ tls, networkId, authorize: ({ role }) => role === 'gateway', handlers: { request: (_peer, method, body) => this.#answer(method, body), session() {} } });
  }

  listen = (port: number) => this.#server.listen(port, '127.0.0.1');
  close = () => this.#server.close();

  async #answer(method: string, body: unknown): Promise<unknown> {
    if (method === 'log.append') {
      if (this.refuses) throw new BoopError('service.overloaded', 'later', { kind: 'unavailable' });
      const { entry } = ledgerMethods[method].body.parse(body);
      const entryHash = logEntryHash(entry);
      if (!this.entries.includes(entryHash)) this.entries.push(entryHash);
      if (this.losesAnswers-- > 0) throw new BoopError('link.unavailable', 'the answer was lost', { kind: 'unavailable' });
      return { entryHash, leafIndex: this.entries.indexOf(entryHash) };
    }
    if (method !== 'log.proof') return await this.accounts!(method, body);
    const { entryHash } = ledgerMethods['log.proof'].body.parse(body);
    const leafIndex = this.entries.indexOf(entryHash);
    if (leafIndex < 0) throw new BoopError('request.not-found', 'the log has no such entry');
    if (this.checkpointsWait) throw new BoopError('log.pending', 'not included yet', { kind: 'unavailable' });
    return { proof: { entry: 'AA', leafIndex, treeSize: leafIndex + 1, inclusion: [], checkpoint: 'note' } };
  }
}
