import { type NewAccount, type TransferRequest } from '@boop/accounts';
import { Oracle, randomAccounts, RandomRequests } from '@boop/accounts/testing';
import { expect } from '@jest/globals';
import { seededUint32 } from '@boop/testing';
import { type AccountFaultPoint } from '../../accounts/fault-points.ts';
import { AccountsProcess, Decisions, Fault, statusesOf, TestClock } from './accounts-fixture.ts';

export interface CrowdOptions {
  readonly databaseUrl: string;
  readonly clients: number;
  readonly transfers: number;
  readonly seed: number;
  readonly accounts?: number;
  /** Replicas that write at the same time. */
  readonly processes?: number;
  /** A process ends at each of these in turn, at moments spread over the run; its clients ask the next one again. */
  readonly crashes: readonly (readonly [AccountFaultPoint, 'before' | 'after'])[];
  /** The clients go on until so many of them have happened: a slow machine makes few batches of many transfers. */
  readonly crashesMin?: number;
}

/** Clients at work on one ledger through crashes; every answer, balance, limit and used-up id is then held against the oracle. */
export async function runCrowd({ databaseUrl, clients, transfers, seed, accounts = 40, processes = 1, crashes, crashesMin = 0 }: CrowdOptions): Promise<{ created: number; statuses: Set<string>; restarts: number }> {
  const clock = new TestClock();
  const decisions = new Decisions();
  const members: NewAccount[] = randomAccounts(accounts);
  const answers: [TransferRequest[], string[]][] = [];
  let [sent, restarts] = [0, 0];
  const start = (): AccountsProcess => {
    const crash = crashes[restarts];
    // Spread evenly: each is armed when its share of the work is done.
    const fault = crash && new Fault(...crash, () => sent > ((restarts + 1) * transfers) / (crashes.length + 1));
    return new AccountsProcess(databaseUrl, clock, { onDecided: decisions.record, ...(fault ? { faults: fault.hook } : {}) });
  };
  const running = [start(), ...Array.from({ length: processes - 1 }, () => new AccountsProcess(databaseUrl, clock, { onDecided: decisions.record }))];
  let restarting: Promise<void> | undefined;
  const restart = (failed: AccountsProcess): Promise<void> =>
    (restarting ??= (async () => {
      const place = running.indexOf(failed);
      if (place < 0) return;
      await failed.close();
      restarts++;
      running[place] = start();
    })().finally(() => (restarting = undefined)));

  await running[0]!.accounts.create(members);
  const client = async (number: number): Promise<void> => {
    const random = new RandomRequests(picker(seed * 1_000 + number), members, `c${number}`);
    while (sent < transfers || restarts < crashesMin) {
      const request = random.next();
      sent += request.length;
      clock.now += 7;
      for (;;) {
        const current = running[number % processes]!;
        const statuses = await current.queue.create(request).then(statusesOf, () => undefined);
        if (statuses) {
          answers.push([request, statuses]);
          break;
        }
        await restart(current);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  for (const process of running) await process.close();

  const last = new AccountsProcess(databaseUrl, clock);
  try {
    const oracle = new Oracle();
    members.forEach((account) => oracle.open(account));
    const [head] = await last.database.prisma.$queryRaw<{ batch: bigint; sequence: bigint }[]>`SELECT batch, sequence FROM accounts_head`;
    const expected = decisions.replay(head!.batch, oracle);
    // A request that a crash interrupted may have been decided twice; its client got the later answer.
    for (const [request, statuses] of answers) expect(statuses).toEqual(expected.get(request));
    for (const { id } of members) expect([id, (await last.accounts.find(id))!.balances]).toEqual([id, oracle.balances(id)]);
    const failed = await last.database.prisma.$queryRaw<{ id: string; status: string }[]>`SELECT id, status FROM failed_transfers`;
    expect(new Map(failed.map(({ id, status }) => [id, status]))).toEqual(oracle.failed);
    expect(Number(head!.sequence)).toBe(oracle.transfers);
    return { created: oracle.transfers, statuses: new Set(answers.flatMap(([, statuses]) => statuses)), restarts };
  } finally {
    await last.close();
  }
}

function picker(seed: number): (below: number) => number {
  const next = seededUint32(seed);
  return (below) => next() % below;
}
