import { createHash } from 'node:crypto';
import { type AuthenticationContext } from '@boop/identity';
import { BoopError, type Clock, toBase64Url } from '@boop/shared';
import { type AttemptedSplit, type AttemptStore } from '../store/ports.ts';
import { refuse } from './certified.ts';

/** What one source of attempts may do. */
export interface AttemptLimits {
  /** Failures in a row before attempts must wait. */
  readonly freeFailures: number;
  readonly delaySeconds: number;
  /** Failures in a row after which nothing is tried any more. */
  readonly failuresMax: number;
  readonly acceptedPerDayMax: number;
}

export interface BudgetLimits {
  readonly terminal: AttemptLimits;
  readonly vendor: AttemptLimits;
  /** Accepted decisions about one person: from an accepted capture, some thousand of them would give most of a template away. */
  readonly subjectAcceptedPerDayMax: number;
}

/**
 * A terminal: NIST SP 800-63B-4 section 3.2.3 for biometrics, five failures, then 30 seconds between attempts, 50 at most. A vendor
 * has many terminals, and terminals can take new keys, so it has limits of its own.
 */
export const budgetLimits: BudgetLimits = {
  terminal: { freeFailures: 5, delaySeconds: 30, failuresMax: 50, acceptedPerDayMax: 10_000 },
  vendor: { freeFailures: 500, delaySeconds: 1, failuresMax: 50_000, acceptedPerDayMax: 1_000_000 },
  subjectAcceptedPerDayMax: 1_000,
};

type Source = { readonly deviceKey: string; readonly vendorId: string };

/**
 * Counts attempts, durably and at each node for itself. An attempt counts as a failure from its opening until this node has seen
 * proof that it was accepted: nobody can make it forget by breaking off, and what lying nodes break off counts too.
 */
export class Budgets {
  readonly #store: AttemptStore;
  readonly #clock: Clock;
  readonly #limits: BudgetLimits;

  constructor(store: AttemptStore, clock: Clock, limits: BudgetLimits) {
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Counts an attempt and remembers its split; one that is refused for its number leaves the split as it was. @throws BoopError `request.rate-limited` (retry allowed), `split.replayed` */
  async begin(source: Source, split: AttemptedSplit): Promise<void> {
    const { terminal, vendor } = this.#limits;
    const begun = await this.#store.begin({ id: terminalOf(source), limits: terminal }, { id: vendorOf(source), limits: vendor }, split, this.#clock.nowMs());
    if (begun === 'limited') throw new BoopError('request.rate-limited', 'too many attempts', { retryAllowed: true });
    if (begun === 'replayed') throw splitReplayed();
  }

  /** @throws BoopError `decision.budget` (peer) when this person had too many accepted decisions today */
  async checkSubject(subjectId: Uint8Array): Promise<void> {
    const accepted = await this.#store.acceptedToday(subjectOf(subjectId), this.#clock.nowMs());
    if (accepted >= this.#limits.subjectAcceptedPerDayMax) refuse('decision.budget', 'too many decisions about one person today');
  }

  async accepted(source: Source, subjectId: Uint8Array): Promise<void> {
    await this.#store.accepted([terminalOf(source), vendorOf(source), subjectOf(subjectId)], this.#clock.nowMs());
  }
}

export const splitReplayed = (): BoopError => new BoopError('split.replayed', 'this split has had its decision');

export const sourceOf = (context: AuthenticationContext, deviceKey: string): Source => ({ deviceKey, vendorId: context.vendorId });

const terminalOf = ({ deviceKey }: Source): string => `terminal ${deviceKey}`;
const vendorOf = ({ vendorId }: Source): string => `vendor ${vendorId}`;
/** Hashed: the table of attempts says nothing about which rows matched to whoever reads the database alone. */
const subjectOf = (subjectId: Uint8Array): string => `subject ${toBase64Url(new Uint8Array(createHash('sha256').update('boop-attempts/1').update(subjectId).digest()))}`;
