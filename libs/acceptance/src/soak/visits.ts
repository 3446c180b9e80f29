import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CreateAuthentication, type Payment } from '@boop/protocol';
import { type AuthenticationResult, openAttributes, presentByRest } from '@boop/sdk';
import { isBoopError } from '@boop/shared';
import { type Shop } from '../shop.ts';
import { codeOf, isDocumented } from './api.ts';
import { type Dice } from './dice.ts';
import { type Journal } from './journal.ts';
import { type Member } from './membership.ts';
import { type Population, type Somebody } from './population.ts';
import { type Till } from './till.ts';

/** A terminal gives up after so many captures in one context, a person after so many contexts. */
const capturesMax = 3;
const contextsMax = 6;
/** Cents. */
const beyondAnyWallet = 1_000_000;

/** What the network acknowledged: to be there at the end. */
export interface Acknowledged {
  readonly logEntries: string[];
}

/** People at a terminal: every decision is compared with what the plaintexts say. */
export class Visits {
  readonly #with: { shop: Shop; population: Population; till: Till; member: Member; journal: Journal; dice: Dice; acknowledged: Acknowledged };

  constructor(input: { shop: Shop; population: Population; till: Till; member: Member; journal: Journal; dice: Dice; acknowledged: Acknowledged }) {
    this.#with = input;
  }

  /** Somebody comes for something. */
  async next(): Promise<void> {
    const { population, dice, member } = this.#with;
    const known = dice.one(population.with('in'));
    const kind = known ? dice.weighted([[30, 'genuine'], [20, 'impostor'], [10, 'one-to-one'], [6, 'wrong-claim'], [24, 'payment'], [4, 'overdraft'], [6, 'release']] as const) : 'impostor';
    if (kind === 'genuine') return await this.#visit(kind, known!, {});
    if (kind === 'one-to-one') return await this.#visit(kind, known!, known!.sub === undefined ? {} : { subject: known!.sub });
    if (kind === 'payment' || kind === 'overdraft') return await this.#pay(kind, known!);
    if (kind === 'release') return member.somebody.standing === 'in' ? await this.#visit(kind, member.somebody, { optionalAttributes: ['email'] }) : undefined;
    const other = dice.one(population.everybody.filter((each) => each !== known && (kind === 'wrong-claim' || each.standing === 'out')));
    if (!other) return;
    if (kind === 'impostor') return await this.#visit(kind, other, {});
    if (known!.sub !== undefined) await this.#visit(kind, other, { subject: known!.sub }, known);
  }

  /** Every registered palm is found by its owner, and no other; after everything has healed. */
  async census(): Promise<void> {
    for (const somebody of this.#with.population.everybody) await this.#visit('census', somebody, {});
  }

  async #pay(kind: 'payment' | 'overdraft', payer: Somebody): Promise<void> {
    const { till, dice } = this.#with;
    if (payer.sub === undefined) return await this.#visit('genuine', payer, {});
    if (!(await till.fill(payer))) return;
    const amount = kind === 'payment' ? dice.between(1, 50) : beyondAnyWallet;
    await this.#visit(kind, payer, { type: 'payment', amount, currency: 'EUR' });
  }

  /** @param claimed who is expected at a 1:1 visit, when it is somebody else */
  async #visit(kind: string, who: Somebody, request: Partial<CreateAuthentication>, claimed?: Somebody): Promise<void> {
    const { journal, population, dice } = this.#with;
    const probe = dice.below(who.plain.probes.length);
    const startedMs = performance.now();
    const tally = { retries: 0 };
    const before = population.expected(who, probe);
    const version = who.version;
    let outcome: string;
    try {
      const result = await this.#untilDecided(who, probe, request, tally);
      const after = population.expected(who, probe);
      const accept = before.state === after.state && before.accept === after.accept ? before.accept : undefined;
      outcome = await this.#judge(kind, who, result, { accept: claimed ? false : accept, sameVersion: version === who.version });
    } catch (error) {
      outcome = codeOf(error);
      if (!isDocumented(outcome)) journal.violation(`${kind} of ${who.identity} ended with ${outcome}`);
    }
    journal.done(kind, outcome, tally.retries, performance.now() - startedMs);
  }

  /** Captures again where the network allows it, and begins anew when a context was lost: both count as trying again. */
  async #untilDecided(who: Somebody, probe: number, request: Partial<CreateAuthentication>, tally: { retries: number }): Promise<AuthenticationResult> {
    const { shop, till } = this.#with;
    const capture = who.plain.palm.others[probe]!;
    for (let context = 1; ; context++) {
      const contextId = `soak-${randomBytes(9).toString('base64url')}`;
      if (request.type === 'payment') till.expect(contextId, who, request.amount!);
      try {
        const opened = await shop.open({ policy: { acceptUnverified: true }, ...request, contextId });
        await this.#present(opened.authentication, capture, tally);
        const result = await opened.waitForResult();
        if (result.outcome === 'accepted' || result.outcome === 'rejected' || context === contextsMax) return result;
      } catch (error) {
        if (context === contextsMax || !isBoopError(error) || (error.kind !== 'unavailable' && error.code !== 'context.expired' && error.code !== 'context.decided' && error.code !== 'wait.timeout')) throw error;
      }
      tally.retries += 1;
      await sleep(500);
    }
  }

  async #present(authentication: Parameters<typeof presentByRest>[0]['authentication'], capture: Uint8Array, tally: { retries: number }): Promise<void> {
    const { gatewayUrl, terminalKey, device } = this.#with.shop;
    for (let attempt = 1; ; attempt++) {
      try {
        await presentByRest({ gatewayUrl, terminalKey, device, authentication, capture, signal: AbortSignal.timeout(40_000) });
        return;
      } catch (error) {
        // The answer was lost: the vendor's side tells how it ended.
        if (isBoopError(error) && (error.code === 'connection.lost' || error.code === 'context.decided')) return;
        if (attempt === capturesMax || !isBoopError(error) || !error.retryAllowed) throw error;
        tally.retries += 1;
        await sleep(300);
      }
    }
  }

  async #judge(kind: string, who: Somebody, result: AuthenticationResult, { accept, sameVersion }: { accept: boolean | undefined; sameVersion: boolean }): Promise<string> {
    const { journal, acknowledged, member } = this.#with;
    const id = `${kind} ${result.authentication.id} of ${who.identity}`;
    if (result.outcome !== 'accepted' && result.outcome !== 'rejected') return result.outcome;
    if (result.logEntry !== undefined) acknowledged.logEntries.push(result.logEntry);
    if (result.outcome === 'rejected') {
      const reason = result.reason ?? 'no reason';
      if (accept === true && reason === 'no-match') journal.violation(`false reject: ${id}`);
      return reason;
    }
    if (accept === false) journal.violation(`false accept: ${id}`);
    if (kind === 'overdraft') journal.violation(`a token for more than the wallet holds: ${id}`);
    if (sameVersion && who.standing === 'in') {
      who.sub ??= result.claims.sub;
      if (who.sub !== result.claims.sub) journal.violation(`another name: ${id}`);
    }
    if (kind === 'payment') this.#checkPayment(id, result.authentication.payment);
    const released = result.authentication.result?.attributes;
    if (kind === 'release' && released && !(await member.reads(released, openAttributes))) journal.violation(`another value: ${id}`);
    return result.verified ? 'ok' : 'ok, unverified';
  }

  #checkPayment(id: string, payment: Payment | undefined): void {
    if (payment && (payment.status === 'refused' || payment.status === 'voided')) this.#with.journal.violation(`a token without money: ${id}`);
  }
}
