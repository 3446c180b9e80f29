import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { balanceOf, createTransfers, expireTransfers, expiresAtMs, LedgerState, Replay, type Transfer, type TransferRequest } from './index.ts';
import { Oracle, randomAccounts, RandomRequests } from './testing/index.ts';

const accounts = randomAccounts(24);

/** The state machine over everything it ever saw, one state for all requests. */
class Machine {
  state = new LedgerState({ accounts: accounts.map((account) => ({ ...account, balances: { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n } })), transfers: [], resolutions: [], failedIds: new Map(), sequence: 0n, nowMs: 0 });
  readonly journal: Transfer[] = [];
  readonly failed = new Map();
  readonly #known = new Map<string, Transfer>();

  /** As a store does it: what is known goes in, what changes comes out. */
  run<T>(nowMs: number, work: (state: LedgerState) => T): T {
    const current = accounts.map(({ id }) => this.state.account(id)!);
    const all = [...this.#known.values()];
    this.state = new LedgerState({ accounts: current, transfers: all, resolutions: all.filter(({ pendingId }) => pendingId !== null), failedIds: this.failed, sequence: BigInt(this.journal.length), nowMs });
    const result = work(this.state);
    const changes = this.state.changes();
    for (const transfer of changes.transfers) this.#known.set(transfer.id, transfer);
    for (const [id, status] of changes.failedIds) this.failed.set(id, status);
    this.journal.push(...changes.transfers);
    return result;
  }

  due(nowMs: number): string[] {
    return this.journal.filter((one) => (expiresAtMs(one) ?? Infinity) <= nowMs).map(({ id }) => id);
  }
}

test('every status, balance and used-up id is the oracle’s, sums are zero, and a replay finds nothing to object to', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 0x7fff_ffff })), (numbers) => {
      const pick = (below: number): number => numbers.next().value! % below;
      const random = new RandomRequests(pick, accounts);
      const [machine, oracle] = [new Machine(), new Oracle()];
      accounts.forEach((account) => oracle.open(account));
      for (let step = 0, nowMs = 1_000; step < 120; step++, nowMs += pick(400)) {
        if (pick(10) === 0) {
          const due = machine.due(nowMs);
          machine.run(nowMs, (state) => expireTransfers(state, due));
          oracle.expire(due, nowMs);
        }
        const request = random.next();
        const results = machine.run(nowMs, (state) => createTransfers(state, request));
        expect(results.map(({ status }) => status)).toEqual(oracle.request(request, nowMs));
        results.forEach(({ status, transfer, id }) => {
          seen.add(status);
          expect(transfer?.id ?? id).toBe(id);
        });
      }
      for (const { id } of accounts) expect(machine.state.account(id)!.balances).toEqual(oracle.balances(id));
      expect(machine.failed).toEqual(oracle.failed);
      expect(machine.journal).toHaveLength(oracle.transfers);
      for (const asset of ['EUR', 'USD']) expect(accounts.filter((one) => one.asset === asset).reduce((sum, { id }) => sum + balanceOf(machine.state.account(id)!.balances), 0n)).toBe(0n);
      const replay = new Replay(accounts);
      for (const transfer of machine.journal) expect(replay.apply(transfer)).toHaveLength(2);
      for (const account of replay.accounts()) expect(account.balances).toEqual(oracle.balances(account.id));
    }),
    { numRuns: 40, seed: 42 },
  );
  // The crowd is hostile enough to meet nearly everything.
  expect(seen.size).toBeGreaterThanOrEqual(28);
});

describe('a chain', () => {
  const move = (id: string, amount: bigint, linked = false): TransferRequest => ({ id: `network.t:${id}`, kind: 'single', debitAccount: 'network.bank:0', creditAccount: 'network.bank:1', amount, asset: 'EUR', code: 'payment', linked });
  const statuses = (machine: Machine, request: TransferRequest[]): string[] => machine.run(1, (state) => createTransfers(state, request)).map(({ status }) => status);

  test('that fails leaves nothing, and its culprit says why', () => {
    const machine = new Machine();
    expect(statuses(machine, [move('a', 1n, true), move('b', 0n, true), move('c', 1n), move('d', 5n)])).toEqual(['linked_event_failed', 'amount_out_of_range', 'linked_event_failed', 'created']);
    expect(machine.journal.map(({ id, sequence }) => [id, sequence])).toEqual([['network.t:d', 1n]]);
  });
  test('that exists whole is answered as one that exists; one that exists in part fails', () => {
    const machine = new Machine();
    const chain = [move('a', 1n, true), move('b', 2n)];
    expect(statuses(machine, chain)).toEqual(['created', 'created']);
    expect(statuses(machine, chain)).toEqual(['exists', 'exists']);
    expect(statuses(machine, [move('a', 1n, true), move('new', 2n)])).toEqual(['exists', 'linked_event_failed']);
    expect(statuses(machine, [move('new', 2n, true), move('a', 1n, true)])).toEqual(['linked_event_failed', 'linked_event_chain_open']);
    expect(machine.journal).toHaveLength(2);
  });
  test('may reserve and post at once', () => {
    const machine = new Machine();
    const { linked: _, ...held } = move('p', 9n);
    expect(statuses(machine, [{ ...held, kind: 'pending', linked: true } as TransferRequest, { id: 'network.t:q', kind: 'post', pendingId: 'network.t:p', amount: 4n }])).toEqual(['created', 'created']);
    expect(machine.state.account('network.bank:1')!.balances).toEqual({ debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 4n });
  });
});
