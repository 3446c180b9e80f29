import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { silentLogger, systemRng } from '@boop/platform';
import { entryReceiptBytes, type EntryReceipt, type LogEntry, logEntryBytes, logEntryHash, type NetworkManifest } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { type OutboxEntry } from '../domain/events.ts';
import { EntryCollector } from './entry-collector.ts';
import { type NodePool } from './node-pool.ts';
import { verifyEd25519 } from './verify-ed25519.ts';

const keys = [1, 2, 3, 4, 5].map(() => generateKeyPairSync('ed25519'));
const hash = toBase64Url(systemRng.bytes(32));
const manifest = { networkId: 'net', epoch: 1, threshold: 1, members: keys.map(({ publicKey }, at) => ({ party: at + 1, identityKey: publicKey.export({ format: 'jwk' }).x! })) } as unknown as NetworkManifest;
const entryOf = (party: number, epoch = 1): Uint8Array => {
  const entry: LogEntry = { v: 1, networkId: 'net', epoch, time: 1_000, kind: 'manifest-vote', proposal: hash, party, decision: 'approve' };
  return logEntryBytes(entry);
};
const receipt = (entry: Uint8Array, party: number, signer = party): EntryReceipt => ({ party, signature: toBase64Url(sign(null, entryReceiptBytes(entry), keys[signer - 1]!.privateKey)) });

/** Nodes that keep entries until the log has them, an outbox in a database, a log. Gateways come and go. */
class Surroundings {
  readonly pending = new Map<number, { entry: Uint8Array; receipts: EntryReceipt[] }[]>();
  readonly outbox = new Map<string, OutboxEntry>();
  readonly log: string[] = [];
  sends = 0;
  /** The gateway dies at the next time that it writes to its outbox. */
  dies: 'before' | 'after' | undefined;

  gateway(): EntryCollector {
    const nodes = {
      live: () => [...this.pending.keys()],
      ask: (party: number) => (this.pending.has(party) ? Promise.resolve({ manifest, entries: this.pending.get(party)! }) : Promise.reject(new BoopError('link.lost', ''))),
    } as unknown as Pick<NodePool, 'live' | 'ask'>;
    const send = async (entries: readonly OutboxEntry[]): Promise<void> => {
      this.sends += 1;
      const { dies } = this;
      this.dies = undefined;
      if (dies === 'before') throw new BoopError('internal', 'died');
      for (const entry of entries) if (!this.outbox.has(entry.entryHash)) this.outbox.set(entry.entryHash, entry);
      if (dies === 'after') throw new BoopError('internal', 'died');
    };
    return new EntryCollector({ nodes, manifestAt: (epoch) => (epoch === 1 ? manifest : undefined), verify: verifyEd25519, send, log: silentLogger });
  }

  /** What the outbox's worker does; the row goes once the log has answered. */
  deliver({ forgetsAnswer = false } = {}): void {
    for (const [name] of this.outbox) {
      if (!this.log.includes(name)) this.log.push(name);
      if (!forgetsAnswer) this.outbox.delete(name);
    }
  }

  saw(entry: Uint8Array, ...parties: number[]): void {
    for (const party of parties) this.pending.set(party, [...(this.pending.get(party) ?? []), { entry, receipts: [receipt(entry, party)] }]);
  }
}

describe('entries that nodes keep for the log', () => {
  test('arrive once, whenever the gateway dies on the way', async () => {
    for (const dies of ['before', 'after', undefined] as const) {
      for (const forgetsAnswer of [false, true]) {
        const surroundings = new Surroundings();
        const entries = [entryOf(1), entryOf(2)];
        for (const entry of entries) surroundings.saw(entry, 1, 2, 3, 4, 5);
        surroundings.dies = dies;
        await surroundings.gateway().collect();
        surroundings.deliver({ forgetsAnswer });
        // The next one knows nothing of what the first one did, and the nodes have not read the log yet.
        const next = surroundings.gateway();
        await next.collect();
        surroundings.deliver();
        expect(surroundings.log.toSorted()).toEqual(entries.map(logEntryHash).toSorted());
        const { sends } = surroundings;
        await next.collect();
        expect(surroundings.sends).toBe(sends);
      }
    }
  });

  test('a gateway that could not write tries again', async () => {
    const surroundings = new Surroundings();
    surroundings.saw(entryOf(1), 1, 2);
    surroundings.dies = 'before';
    const gateway = surroundings.gateway();
    await gateway.collect();
    expect(surroundings.outbox.size).toBe(0);
    await gateway.collect();
    expect([...surroundings.outbox.keys()]).toEqual([logEntryHash(entryOf(1))]);
  });

  test('wait until t+1 members of their epoch vouch, each for itself', async () => {
    const surroundings = new Surroundings();
    const entry = entryOf(1);
    surroundings.saw(entry, 1);
    // The same receipt told by another, one in another's name, one over another entry.
    surroundings.pending.set(2, [{ entry, receipts: [receipt(entry, 1)] }]);
    surroundings.pending.set(3, [{ entry, receipts: [receipt(entry, 4, 3)] }]);
    surroundings.pending.set(4, [{ entry, receipts: [receipt(entryOf(2), 4)] }]);
    surroundings.saw(entryOf(1, 2), 1, 2, 3);
    const gateway = surroundings.gateway();
    await gateway.collect();
    expect(surroundings.outbox.size).toBe(0);
    surroundings.pending.set(5, [{ entry, receipts: [receipt(entry, 5)] }]);
    await gateway.collect();
    expect([...surroundings.outbox.values()]).toEqual([{ entry, entryHash: logEntryHash(entry), receipts: [receipt(entry, 1), receipt(entry, 5)] }]);
  });
});
