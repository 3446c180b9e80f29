import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { separated } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { entryReceiptBytes, type EntryReceipt, type LogEntry, logEntryBytes, type NetworkManifest, parseManifest, signersNeeded } from '@boop/protocol';
import { epoch, type PartyId, partyId, type ProtocolMachine, roundMachine, type Step, toBase64Url, utf8 } from '@boop/shared';
import { keyCeremony, type KeyShare } from '@boop/threshold';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Identities and manifest of a network for tests; nodes listen nowhere yet. */
export class TestNetwork {
  readonly manifest: NetworkManifest;
  readonly #identities = new Map<number, KeyObject>();

  constructor(options: { nodes?: number; threshold?: number; ports?: readonly number[] } = {}) {
    const { nodes = 5, threshold = 1, ports = [] } = options;
    const members = Array.from({ length: nodes }, (_, at) => {
      const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, systemRng.bytes(32)]), format: 'der', type: 'pkcs8' });
      this.#identities.set(at + 1, key);
      const identityKey = createPublicKey(key).export({ format: 'jwk' }).x!;
      return { party: at + 1, name: `node-${at + 1}`, jurisdiction: 'NL', identityKey, hpkeKey: identityKey, host: '127.0.0.1', linkPort: ports[at] ?? 1 };
    });
    this.manifest = parseManifest({
      v: 1,
      networkId: 'test-net',
      testNetwork: true,
      epoch: 1,
      threshold,
      members,
      logOrigin: 'log.example/test-net',
      operatingPoints: [{ id: 'standard', encoder: 'palm-1', falseMatchRate: 1e-6, theta: 0 }],
      defaultOperatingPoint: 'standard',
      consentTexts: [{ version: 'v1', locale: 'en', title: 'title', text: 'text' }],
    });
  }

  sign(party: number, bytes: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, bytes, this.#identities.get(party)!));
  }

  receipts(entry: Uint8Array, parties: readonly number[]): EntryReceipt[] {
    return parties.map((party) => ({ party, signature: toBase64Url(this.sign(party, entryReceiptBytes(entry))) }));
  }

  /** A valid entry, another one for each number. */
  entry(number: number, overrides: Partial<LogEntry> = {}): Uint8Array {
    const session = new Uint8Array(32);
    new DataView(session.buffer).setUint32(0, number);
    const { networkId } = this.manifest;
    return logEntryBytes({ v: 1, networkId, epoch: 1, time: 1_700_000_000, kind: 'authentication', session: toBase64Url(session), decision: 'rejected', verified: true, ...overrides } as LogEntry);
  }

  /** Runs the real ceremony for the key `log` among all nodes. */
  logKeyShares(ceremony = 'ceremony-1'): Map<PartyId, KeyShare> {
    const { members, threshold, networkId } = this.manifest;
    const parties = members.map(({ party }) => partyId(party));
    const parameters = { name: 'log', suite: 'FROST-ED25519-SHA512', epoch: epoch(1), threshold: signersNeeded('log', members.length, threshold), parties } as const;
    const context = separated('test', utf8(`${networkId} ${ceremony}`));
    const identities = {
      // The ceremony's own tests cover identities; one key for all is enough here.
      sign: (bytes: Uint8Array) => this.sign(1, bytes),
      verify: () => true,
    };
    return runToEnd(new Map(parties.map((self) => [self, roundMachine(() => keyCeremony({ ...parameters, ...identities, self, context }, systemRng))])));
  }
}

/** Delivers all messages in order until every machine is done. */
function runToEnd<Output>(machines: ReadonlyMap<PartyId, ProtocolMachine<Output>>): Map<PartyId, Output> {
  const outputs = new Map<PartyId, Output>();
  const queue: { from: PartyId; to: PartyId; payload: Uint8Array }[] = [];
  const take = (from: PartyId, step: Step<Output>): void => {
    if (step.kind === 'abort') throw new Error(step.code);
    if (step.kind === 'done') outputs.set(from, step.output);
    queue.push(...step.send.map((message) => ({ from, ...message })));
  };
  for (const [party, machine] of machines) take(party, machine.start());
  for (let message = queue.shift(); message; message = queue.shift()) take(message.to, machines.get(message.to)!.onMessage(message.from, message.payload));
  return new Map([...outputs].sort(([a], [b]) => a - b));
}
