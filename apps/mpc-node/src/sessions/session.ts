import { type AuthenticationContext, type RegistrationContext, type SessionContext, type SignedConsent } from '@boop/identity';
import { type SplitHeader } from '@boop/protocol';
import { BoopError, freeMemory, type PartyId, type SessionId } from '@boop/shared';
import { type PrfInput, type SigningNonces } from '@boop/threshold';
import { type GalleryHead, type RegistrationRecord } from '../link/peer-methods.ts';
import { type RunTranscript } from '../link/run-transcripts.ts';
import { type SessionView } from './certified.ts';
import { type SubjectVerdict } from './claimed-subject.ts';

/** This node's parts of a token about a candidate, before anything is decided about it; one row and time a session. */
export interface PreparedToken {
  readonly authTime: number;
  readonly row: number;
  /** Nonces of the running attempt; consumed by signing, replaced when another attempt is prepared. */
  nonces: SigningNonces | undefined;
  /** What the PRF names the person by for the vendor, and this node's part of it. */
  readonly input: PrfInput;
  readonly partial: Uint8Array;
}

/** The one token that a session may sign, fixed at the first call for a share of its signature. */
export interface TokenAttempt {
  readonly authTime: number;
  readonly verified: boolean;
  readonly row: number;
  /** What this node has signed, and the log entry that goes with it. */
  message: { readonly signingInput: Uint8Array; readonly entry: Uint8Array } | undefined;
  /** R of the signature of the running attempt, once this node has signed its share. */
  groupCommitment: Uint8Array | undefined;
}

/** The right to one decision. */
export class DecisionClaim {
  readonly #last: boolean;
  readonly #withdrawal = new AbortController();
  #used = false;

  /** @param last gives way to no other */
  constructor(last: boolean) {
    this.#last = last;
  }

  /** Aborted with BoopError `run.replaced` (unavailable) when the claim has given way, `session.ended` (peer) with its session. */
  get withdrawn(): AbortSignal {
    return this.#withdrawal.signal;
  }

  /** To be called before anything that depends on the shares leaves this node. @throws BoopError `run.replaced`, `session.ended` */
  use(): void {
    this.#withdrawal.signal.throwIfAborted();
    this.#used = true;
  }

  /** @returns whether it does: not once it is used, nor if another has given way to it */
  giveWay(): boolean {
    if (this.#used || this.#last) return false;
    this.withdraw(new BoopError('run.replaced', 'another run decides this', { kind: 'unavailable' }));
    return true;
  }

  /** Ends what is done in its name. */
  withdraw(reason: BoopError): void {
    this.#withdrawal.abort(reason);
  }
}

/** What this node knows of the form of a split; a verdict is final, but for one that passed and then fails. */
export type SplitCheck = 'unchecked' | 'passed' | 'failed';

/** Among all that were asked to open the split, and among those that did. */
const checksMax = 2;

/** One split of one context at one node, from its opening to its end. The shares never print. */
export class Session {
  readonly context: SessionContext;
  readonly consent: SignedConsent | undefined;
  /** Key that signed the split. */
  readonly deviceKey: string;
  readonly header: SplitHeader;
  readonly view: SessionView;
  /** The node that opened the session; only it leads it. */
  readonly leader: PartyId;
  /** The gallery that the session compares with: the leader's at its opening. */
  readonly head: GalleryHead;
  /** This node had more rows than that. */
  readonly lacksRows: boolean;
  readonly openedAtMs: number;
  readonly #shares: readonly Int16Array[];
  readonly #decided = new Map<string, DecisionClaim>();
  /** What this node sent and received in the session's runs, by run id. */
  readonly transcripts = new Map<string, RunTranscript>();
  /** What the consent says that this registration is to replace; of the same account, and stored here. */
  renewed: RegistrationRecord | undefined;
  #ended = false;
  #splitCheck: SplitCheck = 'unchecked';
  readonly #checks = new Set<Promise<unknown>>();
  #products: Promise<Uint16Array> | undefined;
  #passes = 0;
  prepared: PreparedToken | undefined;
  token: TokenAttempt | undefined;
  /** Counted as accepted in the budgets. */
  counted = false;
  /** This node has given its part of the attributes. */
  released = false;
  /** Where the context claims a person: whether the row that matched is theirs. */
  subjectVerdict: SubjectVerdict | undefined;
  /** This node has signed that the session was refused. */
  rejected = false;

  constructor(input: {
    context: SessionContext;
    consent?: SignedConsent | undefined;
    deviceKey: string;
    header: SplitHeader;
    view: SessionView;
    leader: PartyId;
    head: GalleryHead;
    lacksRows: boolean;
    shares: readonly Int16Array[];
    openedAtMs: number;
  }) {
    this.context = input.context;
    this.consent = input.consent;
    this.deviceKey = input.deviceKey;
    this.header = input.header;
    this.view = input.view;
    this.leader = input.leader;
    this.head = input.head;
    this.lacksRows = input.lacksRows;
    this.#shares = input.shares;
    this.openedAtMs = input.openedAtMs;
  }

  get galleryRows(): number {
    return this.head.rows;
  }

  get sessionId(): SessionId {
    return this.view.sessionId as SessionId;
  }

  get splitHash(): string {
    return this.view.splitHash;
  }

  get authentication(): AuthenticationContext {
    if (this.context.kind !== 'authentication') throw new BoopError('session.wrong-kind', 'the session is no authentication', { kind: 'peer' });
    return this.context;
  }

  get registration(): RegistrationContext {
    if (this.context.kind !== 'registration') throw new BoopError('session.wrong-kind', 'the session is no registration', { kind: 'peer' });
    return this.context;
  }

  /** This node's share of item `at` of the split, as balanced residues. */
  share(at: number): Int16Array {
    if (this.#ended) throw new BoopError('session.ended', 'the session is over', { kind: 'peer' });
    return this.#shares[at]!;
  }

  /** This node's score shares of the search, computed once however many committees search; a copy for each. */
  async searchProducts(compute: () => Promise<Uint16Array>): Promise<Uint16Array> {
    this.#products ??= compute();
    const products = await this.#products;
    if (this.#ended) throw new BoopError('session.ended', 'the session is over', { kind: 'peer' });
    return products.slice();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** This node has itself seen the split pass. */
  get splitPassed(): boolean {
    return this.#splitCheck === 'passed';
  }

  /** Whether {@link requireWellFormed} refuses it now. */
  get isFormInDoubt(): boolean {
    return this.#splitCheck === 'failed' || (this.#splitCheck === 'unchecked' && this.#checks.size > 0);
  }

  /**
   * Runs a check of the split, whose verdict is kept. A check that breaks off leaves none.
   * @param check resolves to the verdict
   * @throws BoopError `split.checked` when it failed one, passed two, or two are under way; what `check` throws
   */
  async checkSplit(check: () => Promise<boolean>): Promise<void> {
    if (this.#splitCheck === 'failed' || this.#checks.size + this.#passes >= checksMax) throw new BoopError('split.checked', 'the split was checked often enough', { kind: 'peer' });
    const running = check();
    this.#checks.add(running);
    try {
      if (await running) this.#passes += 1;
      else this.#splitCheck = 'failed';
      if (this.#splitCheck === 'unchecked') this.#splitCheck = 'passed';
    } finally {
      this.#checks.delete(running);
    }
  }

  /** Resolves when there is a verdict on the split, or no check of it under way. */
  async splitChecked(): Promise<void> {
    while (this.#splitCheck === 'unchecked' && this.#checks.size > 0) await Promise.race([...this.#checks]).catch(() => undefined);
  }

  /**
   * Nothing is compared with a split that failed, or while it is being checked.
   * @throws BoopError `split.invalid-form`, `split.unchecked`
   */
  requireWellFormed(): void {
    if (this.#splitCheck === 'failed') throw new BoopError('split.invalid-form', 'the shares are not those of well-formed templates');
    if (this.#splitCheck === 'unchecked' && this.#checks.size > 0) throw new BoopError('split.unchecked', 'the split is being checked', { kind: 'peer' });
  }

  /**
   * Claims the one decision that an operation, a committee and a row may have. A claim in whose name nothing of the shares has left this node gives way to a later one, once.
   * @throws BoopError `session.decided`
   */
  claim(operation: string, committee: readonly number[], row: number | undefined): DecisionClaim {
    const decision = `${operation} ${committee.join()} ${row ?? ''}`;
    const earlier = this.#decided.get(decision);
    if (earlier && !earlier.giveWay()) throw new BoopError('session.decided', 'this committee has decided that already', { kind: 'peer' });
    const claim = new DecisionClaim(earlier !== undefined);
    this.#decided.set(decision, claim);
    return claim;
  }

  /** Wipes the shares and the nonces of an unfinished signing attempt. */
  end(): void {
    this.#ended = true;
    for (const claim of this.#decided.values()) claim.withdraw(new BoopError('session.ended', 'the session is over', { kind: 'peer' }));
    for (const share of this.#shares) share.fill(0);
    void this.#products?.then((products) => {
      products.fill(0);
      freeMemory(products);
    }, () => undefined);
    this.prepared?.nonces?.discard();
    this.prepared = undefined;
    this.token = undefined;
  }

  toJSON(): string {
    return `Session(${this.splitHash})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toJSON();
  }
}
