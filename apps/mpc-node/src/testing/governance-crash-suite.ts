import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { logEntryHash, manifestProposalSchema, manifestVoteSchema, type NetworkManifest, proposalEntry, voteEntry } from '@boop/protocol';
import { isBoopError } from '@boop/shared';
import { type LinkClient } from '@boop/platform';
import { type GovernanceFaultPoint } from '../governance/fault-points.ts';
import { proposalsMax } from '../governance/governance-methods.ts';
import { type ProposalView } from '../governance/proposals.ts';
import { crashOnTheWay, type EpochCrash } from './epoch-crash-suite.ts';
import { ProcessNetwork } from './process-network.ts';

export type GovernanceCrash = EpochCrash<GovernanceFaultPoint>;

const all = [1, 2, 3, 4, 5];
const others = (id: number): number[] => all.filter((other) => other !== id);
const limitMs = 150_000;
const lastsSeconds = 3_600;
const isOf = (kind: string): string => `convert_from(entry, 'UTF8') LIKE '%"kind":"${kind}"%'`;

/** One network whose custodians propose, decide and change their manifest while a node dies each time. */
export function governanceCrashSuite(name: string, crashes: readonly GovernanceCrash[]): void {
  describe(name, () => {
    let network: ProcessNetwork;
    let manifest: NetworkManifest;
    let changes = 0;

    const until = async (condition: () => Promise<boolean>, what: string): Promise<void> => {
      for (const deadline = Date.now() + limitMs; !(await condition()); await new Promise((resolve) => setTimeout(resolve, 200))) {
        if (Date.now() > deadline) throw new Error(`${what}\n${network.output.slice(-4000)}`);
      }
    };
    const proposalsOf = async (id: number): Promise<ProposalView[]> => ((await network.custodian(id, { command: 'proposals' })) as { proposals: ProposalView[] }).proposals;
    /** A manifest that nobody has proposed yet. */
    const another = (): NetworkManifest => ({ ...manifest, epoch: manifest.epoch + 1, members: manifest.members.map((member, at) => (at === 0 ? { ...member, name: `node-1-${(changes += 1)}` } : member)) });
    const propose = async (by: number, proposed: NetworkManifest, seconds = lastsSeconds): Promise<string> =>
      ((await network.custodian(by, { command: 'propose', manifest: proposed, lastsSeconds: seconds })) as { digest: string }).digest;
    /** @returns `undefined` when the node has died meanwhile */
    const answerOf = async <T>(asked: Promise<T>): Promise<T | undefined> =>
      await asked.catch((error: unknown) => {
        if (!isBoopError(error) || error.code !== 'control.not-running') throw error;
        return undefined;
      });
    /** Whoever has stored a proposal or a vote stands for it in the log. */
    const expectStanding = async (id: number): Promise<void> => {
      const proposals = (await network.query(id, 'SELECT digest, proposal FROM manifest_proposals')).map(({ digest, proposal }) => ({ digest, proposal: manifestProposalSchema.parse(proposal) }));
      const votes = (await network.query(id, 'SELECT proposal AS digest, vote FROM manifest_votes')).map(({ digest, vote }) => ({ digest, vote: manifestVoteSchema.parse(vote) }));
      const entries = [...proposals.map(({ proposal }) => proposalEntry(proposal)), ...votes.map(({ digest, vote }) => voteEntry(proposals.find((known) => known.digest === digest)!.proposal, vote))];
      const due = entries.flatMap((entry) => (entry ? [logEntryHash(entry)] : []));
      const vouched = await network.query(id, `SELECT hash FROM pending_entries WHERE receipts @> '[{"party":${id}}]'`);
      expect(vouched.map(({ hash }) => hash)).toEqual(expect.arrayContaining(due));
    };
    const arm = async ({ point, when, victim }: GovernanceCrash): Promise<void> => {
      await network.kill(victim);
      await network.start(victim, `${point} ${when}`);
      await network.waitReady(all);
      for (const id of all) await network.waitStatus(id, ({ live }) => live.length === all.length, limitMs);
    };
    const revive = async (victim: number): Promise<void> => {
      await network.ended(victim, limitMs);
      await network.start(victim);
      await network.waitReady(all);
    };

    const crashInChange = async (crash: GovernanceCrash): Promise<void> => {
      // The entry of the erasure before is not the one that is meant.
      if (manifest.epoch > 1) await until(async () => (await network.query(1, `SELECT hash FROM pending_entries WHERE ${isOf('erasure')} AND convert_from(entry, 'UTF8') LIKE '%"epoch":${manifest.epoch},%'`)).length > 0, 'the epoch before is not erased');
      manifest = await crashOnTheWay(network, manifest, 0, crash);
      const epochs = Array.from({ length: manifest.epoch }, (_, at) => at + 1);
      for (const id of all) {
        await until(async () => (await network.query(id, 'SELECT epoch FROM manifest_links')).length === epochs.length, `node ${id} does not have the chain`);
        expect((await network.query(id, 'SELECT epoch FROM manifest_links ORDER BY epoch')).map(({ epoch }) => epoch)).toEqual(epochs);
        await expectStanding(id);
        const epochEntries = await network.query(id, `SELECT hash FROM pending_entries WHERE ${isOf('epoch')} AND receipts @> '[{"party":${id}}]'`);
        expect(epochEntries).toHaveLength(manifest.epoch - 1);
      }
    };

    /** So many that at this node the next one takes the place of one whose time is over; or until it has died of a late one. */
    const fill = async (id: number): Promise<void> => {
      for (let i = 0; ; i++) {
        const known = await answerOf(proposalsOf(id));
        if (known === undefined || known.length === proposalsMax) break;
        await propose(others(id)[i % others(id).length]!, another(), 5).catch(async (error: unknown) => {
          // One custodian may have so many open, and no more.
          if (!isBoopError(error) || error.code !== 'proposal.too-many') throw error;
          await new Promise((resolve) => setTimeout(resolve, 200));
        });
      }
      // One that is open still would be told to a node that starts.
      const isOver = ({ state, proposal: { window } }: ProposalView): boolean => state !== 'open' || window === undefined || window.until - window.from === lastsSeconds;
      for (const by of all) await until(async () => (await answerOf(proposalsOf(by)))?.every(isOver) ?? true, `node ${by} knows one that is not over`);
    };

    /** A custodian proposes, another one approves; one of both nodes dies. */
    const crashInDecision = async (crash: GovernanceCrash): Promise<void> => {
      const { victim } = crash;
      if (crash.point === 'proposal.remove') await fill(victim);
      await arm(crash);
      // It may have been stopped in the middle of making room for one more.
      if (crash.point === 'proposal.remove') await fill(victim);
      const proposer = victim === 1 ? victim : 2;
      const proposed = another();
      const find = async (id: number): Promise<ProposalView | undefined> => (await proposalsOf(id)).find(({ proposal }) => proposal.manifest.members[0]!.name === proposed.members[0]!.name);
      const acknowledged = await answerOf(propose(proposer, proposed));
      await revive(victim);
      const stored = await find(proposer);
      if (acknowledged || (crash.point === 'proposal.add' && crash.when === 'after')) expect(stored).toMatchObject({ approvals: [proposer] });
      const digest = stored?.digest ?? (await propose(proposer, proposed));
      for (const id of all) await until(async () => (await find(id)) !== undefined, `node ${id} has not heard of the proposal`);
      await network.custodian(4, { command: 'decide', digest, decision: 'approve' });
      for (const id of all) {
        await until(async () => (await find(id))?.approvals.length === 2, `node ${id} has not heard of the vote`);
        expect(await find(id)).toMatchObject({ digest, state: 'open', approvals: [proposer, 4] });
        expect((await proposalsOf(id)).length).toBeLessThanOrEqual(proposalsMax);
        await expectStanding(id);
      }
    };

    /** The ledger has a node read the log, in which entries are that it stands for. */
    const crashInReading = async (crash: GovernanceCrash): Promise<void> => {
      const { victim } = crash;
      await arm(crash);
      // One for which nobody has read the log yet.
      const digest = await propose(2, another());
      await until(async () => (await proposalsOf(victim)).some((known) => known.digest === digest), 'the victim has not heard of the proposal');
      const unwritten = async () => (await network.query(victim, 'SELECT entry FROM pending_entries WHERE NOT written ORDER BY id')).map(({ entry }) => new Uint8Array(entry as Uint8Array));
      const entries = await unwritten();
      expect(entries.length).toBeGreaterThan(0);
      const ledger: LinkClient = await network.client('ledger', victim);
      try {
        const read = async (): Promise<void> => {
          const { read: from } = (await ledger.request('checkpoint.head', {}, { timeoutMs: 10_000 })) as { read: number };
          await ledger.request('checkpoint.read', { origin: manifest.logOrigin, from, frontier: [], entries, transitions: [] }, { timeoutMs: 10_000 });
        };
        await until(async () => ledger.connected, 'no link to the victim');
        await expect(read()).rejects.toMatchObject({ kind: 'unavailable' });
        await network.ended(victim, limitMs);
        expect(await unwritten()).toHaveLength(crash.when === 'before' ? entries.length : 0);
        await network.start(victim);
        await network.waitReady(all);
        await until(async () => ledger.connected, 'no link to the victim');
        // It has signed no checkpoint with these in it, so they are read to it again.
        await read();
        expect(await unwritten()).toEqual([]);
      } finally {
        await ledger.close();
      }
    };

    beforeAll(async () => {
      network = await ProcessNetwork.create({ nodes: 5, threshold: 1, drainSeconds: 1 });
      manifest = network.manifest;
      // What all have said to the first manifest is no part of what follows.
      for (const id of all) await until(async () => (await proposalsOf(id))[0]?.approvals.length === all.length, `node ${id} has not heard what the others say to the first manifest`);
    }, 300_000);

    afterEach(async () => await network?.recover(), 60_000);

    afterAll(async () => await network?.stop(), 60_000);

    const exercises = { 'proposal.add': crashInDecision, 'proposal.remove': crashInDecision, 'manifest.link': crashInChange, 'entry.add': crashInChange, 'entry.written': crashInReading } as const;
    test.each(crashes)('$victim is killed $when $point', async (crash) => await exercises[crash.point](crash), 600_000);
  });
}
