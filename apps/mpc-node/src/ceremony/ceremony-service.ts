import { type KeyCustody, type Logger } from '@boop/platform';
import { signersNeeded } from '@boop/protocol';
import { BoopError, equalBytes, isBoopError, lengthPrefixed, type PartyId, type Rng, utf8 } from '@boop/shared';
import { type CipherSuite, keyCeremony, type KeyShare } from '@boop/threshold';
import { type ProtocolRunner } from '../committees/protocol-runner.ts';
import { groupKeyNames, type GroupKeyName, type PeerAnswer, type PeerBody } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { type KeyRing } from '../signing/key-ring.ts';

const suites: Readonly<Record<GroupKeyName, CipherSuite>> = {
  token: 'FROST-ED25519-SHA512',
  log: 'FROST-ED25519-SHA512',
  prf: 'FROST-P256-SHA256',
  attributes: 'FROST-P256-SHA256',
  credential: 'FROST-ED25519-SHA512',
};

const ceremonyTimeoutMs = 15_000;
const askTimeoutMs = 3_000;
const periodMs = 500;

type Status = PeerAnswer<'ceremony.status'>['keys'];

/**
 * Key ceremonies: one per group key, among all nodes, started by the lowest party when all are live and nobody has the
 * key. A key is confirmed when all have stored their share, and used only then. A ceremony that broke off is run again under
 * a fresh id; half-kept shares of it are replaced.
 */
export class CeremonyService {
  readonly #input: { network: Network; peers: Peers; runner: ProtocolRunner; ring: KeyRing; custody: KeyCustody; members: MemberVerifier; rng: Rng; log: Logger };
  #timer: NodeJS.Timeout | undefined;
  #working = false;

  constructor(input: { network: Network; peers: Peers; runner: ProtocolRunner; ring: KeyRing; custody: KeyCustody; members: MemberVerifier; rng: Rng; log: Logger }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => void this.settle(), periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Brings this network closer to having all its keys: learns of confirmed ones, and as the lowest party starts the missing. */
  async settle(): Promise<void> {
    const { ring, network, peers, log } = this.#input;
    if (ring.complete) return this.stop();
    if (this.#working || peers.live().length < network.nodes) return;
    this.#working = true;
    try {
      const statuses = await Promise.all(network.parties.map((party) => this.#statusOf(party)));
      for (const name of groupKeyNames) await this.#settleKey(name, statuses.map((keys) => keys.find((key) => key.name === name)));
    } catch (error) {
      log.warn('key ceremony not finished', { code: isBoopError(error) ? error.code : 'internal', error });
    } finally {
      this.#working = false;
    }
  }

  status(): PeerAnswer<'ceremony.status'> {
    return { keys: this.#input.ring.status() };
  }

  /** Every node's side of one ceremony; the share is durable when it answers. */
  async join(from: PartyId, { name, ceremonyId }: PeerBody<'ceremony.start'>): Promise<PeerAnswer<'ceremony.start'>> {
    const { ring } = this.#input;
    this.#checkStarter(from);
    if (ring.status().some((key) => key.name === name && key.confirmed)) throw new BoopError('keys.confirmed', 'this key is in use', { kind: 'peer' });
    const share = await this.make(name, ceremonyId);
    await ring.keep(name, ceremonyId, share);
    return { publicKey: share.group.publicKey };
  }

  /** Makes a key of this name with all other nodes; nothing is stored. */
  async make(name: GroupKeyName, ceremonyId: Uint8Array): Promise<KeyShare> {
    const { network, runner, custody, members, rng } = this.#input;
    const { self, parties, nodes, threshold, epoch, networkId } = network;
    const input = {
      self,
      parties,
      threshold: signersNeeded(name, nodes, threshold),
      name,
      suite: suites[name],
      epoch,
      context: lengthPrefixed(utf8(networkId), ceremonyId),
      sign: (bytes: Uint8Array) => custody.signIdentity(bytes),
      verify: (party: PartyId, bytes: Uint8Array, signature: Uint8Array) => members.verify(party, bytes, signature),
    };
    return await runner.run(ceremonyId, parties, () => keyCeremony(input, rng), ceremonyTimeoutMs);
  }

  async confirm(from: PartyId, { name, ceremonyId }: PeerBody<'ceremony.confirm'>): Promise<void> {
    this.#checkStarter(from);
    await this.#input.ring.confirm(name, ceremonyId);
  }

  async #settleKey(name: GroupKeyName, keys: readonly (Status[number] | undefined)[]): Promise<void> {
    const { ring, network, peers, rng, log } = this.#input;
    const own = ring.status().find((key) => key.name === name);
    if (own?.confirmed) return;
    const confirmed = keys.find((key) => key?.confirmed);
    if (confirmed) {
      // Whoever has confirmed knew that all had stored; so had this node.
      await ring.confirm(name, confirmed.ceremonyId);
      return;
    }
    if (network.self !== network.parties[0]) return;
    const ceremonyId = rng.bytes(16);
    log.info('key ceremony started', { group: name });
    const publicKeys = await this.#askAll((party) => peers.request(party, 'ceremony.start', { name, ceremonyId }, ceremonyTimeoutMs));
    if (publicKeys.some(({ publicKey }) => !equalBytes(publicKey, publicKeys[0]!.publicKey)))
      throw new BoopError('ceremony.other-key', 'the nodes ended with different keys', { kind: 'peer' });
    await this.#askAll((party) => peers.request(party, 'ceremony.confirm', { name, ceremonyId }, askTimeoutMs));
    log.info('key ceremony finished', { group: name });
  }

  async #statusOf(party: PartyId): Promise<Status> {
    return (await this.#input.peers.request(party, 'ceremony.status', {}, askTimeoutMs)).keys;
  }

  async #askAll<T>(ask: (party: PartyId) => Promise<T>): Promise<T[]> {
    return await Promise.all(this.#input.network.parties.map(ask));
  }

  #checkStarter(from: PartyId): void {
    if (from !== this.#input.network.parties[0]) throw new BoopError('ceremony.not-led', 'the lowest party starts ceremonies', { kind: 'peer' });
  }
}
