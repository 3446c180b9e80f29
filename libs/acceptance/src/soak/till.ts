import { randomUUID } from 'node:crypto';
import { type Payment } from '@boop/protocol';
import { type RunningNetwork, until } from '../network-harness.ts';
import { type Shop } from '../shop.ts';
import { ask, codeOf, isDocumented } from './api.ts';
import { type Journal } from './journal.ts';
import { type Somebody } from './population.ts';

const bank = 'network.soak:EUR';
const topUp = 1_000;
const reserve = 100;
/** Reservations that nobody acts for are given back after 45 s. */
const settleTimeoutMs = 180_000;

interface TopUp {
  readonly id: string;
  readonly account: string;
  acknowledged: boolean;
}

interface Expected {
  readonly contextId: string;
  readonly wallet: string;
  readonly amount: number;
}

export interface TillReport {
  readonly asked: number;
  readonly posted: number;
  readonly sum: number;
  readonly filled: number;
  readonly inWallets: number;
}

/** Money of the soak: wallets are filled, every payment is remembered, and at the end the books must say the same. */
export class Till {
  readonly #network: RunningNetwork;
  readonly #shop: Shop;
  readonly #journal: Journal;
  readonly #expected: Expected[] = [];
  readonly #topUps: TopUp[] = [];

  constructor(network: RunningNetwork, shop: Shop, journal: Journal) {
    this.#network = network;
    this.#shop = shop;
    this.#journal = journal;
  }

  async open(): Promise<void> {
    await this.#admin('POST', '/v1/ledger/accounts', { accounts: [{ id: bank, asset: 'EUR', debitLimit: null, creditLimit: null }] });
  }

  /** Opens the wallet of somebody whose `sub` is known, and tops it up when there is little in it. @returns whether that could be done */
  async fill(payer: Somebody): Promise<boolean> {
    const startedMs = performance.now();
    let outcome = 'filled';
    try {
      const { account, available } = (await ask('PUT', `${this.#network.gatewayUrl}/v1/payers/${payer.sub}/accounts/EUR`, this.#shop.apiKey)) as { account: string; available: string };
      payer.wallet = account;
      if (Number(available) >= reserve) return true;
      const id = `network.demo-admin:${randomUUID()}`;
      const topped: TopUp = { id, account, acknowledged: false };
      this.#topUps.push(topped);
      const { results } = (await this.#admin('POST', '/v1/ledger/transfers', { transfers: [{ kind: 'single', id, debitAccount: bank, creditAccount: account, amount: String(topUp), asset: 'EUR', code: 'topup' }] })) as { results: { status: string }[] };
      if (!['created', 'exists'].includes(results[0]!.status)) this.#journal.violation(`top-up: ${results[0]!.status}`);
      topped.acknowledged = true;
      return true;
    } catch (error) {
      outcome = codeOf(error);
      if (!isDocumented(outcome)) this.#journal.violation(`top-up ended with ${outcome}`);
      return false;
    } finally {
      this.#journal.done('wallet', outcome, 0, performance.now() - startedMs);
    }
  }

  /** A payment is about to be asked for. */
  expect(contextId: string, payer: Somebody, amount: number): void {
    this.#expected.push({ contextId, wallet: payer.wallet!, amount });
  }

  /** Waits until every payment has ended, then adds up, and compares with every account at the ledger. Cents. */
  async balance(): Promise<TillReport> {
    const posted: Expected[] = [];
    for (const expected of this.#expected) {
      const { status, payment } = await this.#ended(expected.contextId);
      const isPaid = payment?.status === 'posted';
      if (isPaid) posted.push(expected);
      if ((status === 'succeeded') !== isPaid) this.#journal.violation(`payment ${expected.contextId} is ${status} with money ${payment?.status}`);
    }
    const total = (of: readonly Expected[]): number => of.reduce((sum, { amount }) => sum + amount, 0);
    const filled = await this.#filled();
    const wallets = new Set([...this.#expected.map(({ wallet }) => wallet), ...filled.map(({ account }) => account)]);
    let inWallets = 0;
    for (const wallet of wallets) inWallets += await this.#compare(wallet, topUp * filled.filter(({ account }) => account === wallet).length - total(posted.filter((each) => each.wallet === wallet)));
    const sum = total(posted);
    if (posted.length > 0) await this.#compare(`vendor.${this.#shop.vendorId}:EUR`, sum);
    await this.#compare(bank, -topUp * filled.length);
    return { asked: this.#expected.length, posted: posted.length, sum, filled: topUp * filled.length, inWallets };
  }

  /** Top-ups that took place: all that were acknowledged, and of the others those that the ledger has. */
  async #filled(): Promise<TopUp[]> {
    const found: TopUp[] = [];
    for (const each of this.#topUps) {
      try {
        await this.#admin('GET', `/v1/ledger/transfers/${encodeURIComponent(each.id)}`);
        found.push(each);
      } catch (error) {
        if (codeOf(error) !== 'request.not-found') throw error;
        if (each.acknowledged) this.#journal.violation(`a top-up that was acknowledged is lost: ${each.id}`);
      }
    }
    return found;
  }

  async #ended(contextId: string): Promise<{ status: string; payment?: Payment }> {
    let seen: { status: string; payment?: Payment } = { status: 'never opened' };
    const isOver = async (): Promise<boolean> => {
      try {
        seen = (await ask('GET', `${this.#network.gatewayUrl}/v1/authentications/${contextId}`, this.#shop.apiKey)) as typeof seen;
      } catch (error) {
        return codeOf(error) === 'request.not-found';
      }
      return seen.status !== 'pending' && seen.status !== 'processing' && seen.payment?.status !== 'reserving' && seen.payment?.status !== 'reserved';
    };
    await until(isOver, settleTimeoutMs).catch(() => this.#journal.violation(`payment ${contextId} does not end: ${seen.status}, money ${seen.payment?.status}`));
    return seen;
  }

  /** @returns what the ledger says */
  async #compare(account: string, expected: number): Promise<number> {
    const read = async () => ((await this.#admin('GET', `/v1/ledger/accounts/${encodeURIComponent(account)}`)) as { balances: Record<'debitsPosted' | 'creditsPosted' | 'debitsPending' | 'creditsPending', string> }).balances;
    const { debitsPosted, creditsPosted, debitsPending, creditsPending } = await read();
    const balance = Number(creditsPosted) - Number(debitsPosted);
    if (balance !== expected) this.#journal.violation(`${account} holds ${balance}, expected ${expected}`);
    if (debitsPending !== '0' || creditsPending !== '0') this.#journal.violation(`${account} has money reserved for nothing`);
    return balance;
  }

  async #admin(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Record<string, unknown>> {
    return await ask(method, `${this.#network.gatewayUrl}${path}`, this.#network.credentials.admin.key, body);
  }
}
