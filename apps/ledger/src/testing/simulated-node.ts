import {
  cosignatureMessage,
  EMPTY_MAP_ROOT,
  emptyTreeHead,
  formatCheckpoint,
  isMapRevision,
  type MapState,
  parseMapRevision,
  parseMapTransition,
  type TreeHead,
  verifyConsistencyProof,
  verifyMapTransition,
} from '@boop/log';
import { systemRng } from '@boop/platform';
import { checkpointMethods } from '@boop/protocol';
import { BoopError, equalBytes, type PartyId, toHex, utf8 } from '@boop/shared';
import { commit, type KeyShare, serializeGroupKey, signShare } from '@boop/threshold';
import { type NodePort } from '../checkpoints/node-port.ts';

export type Misdeed = 'bad-share' | 'bad-commitment' | 'other-party' | 'refuses-to-sign' | 'malformed-answer' | 'hangs' | 'has-not-read';

const emptyMap = (): MapState => ({ revision: 0, root: EMPTY_MAP_ROOT, entry: null });

type Attempt = { readonly text: string } & ReturnType<typeof commit>;

/** The node's side of a checkpoint as a node does it, with misdeeds on demand. Its head stands for what a node keeps on disk. */
export class SimulatedNode implements NodePort {
  readonly party: PartyId;
  connected = true;
  misdeed: Misdeed | undefined;
  head: TreeHead = emptyTreeHead();
  /** Entries that it has read, and the map that they tell of. */
  read = 0;
  /** First entry and number of entries of the pages that it was given. */
  readonly pages: [from: number, entries: number][] = [];
  map: MapState = emptyMap();
  /** Texts under which a share was given. */
  readonly signed: string[] = [];
  key: KeyShare;
  readonly #signIdentity: (message: Uint8Array) => Uint8Array;
  readonly #attempts = new Map<string, Attempt>();

  constructor(key: KeyShare, signIdentity: (message: Uint8Array) => Uint8Array = () => new Uint8Array(64)) {
    this.party = key.self;
    this.key = key;
    this.#signIdentity = signIdentity;
  }

  /** As if the node had never signed for this log. */
  forget(): void {
    this.head = emptyTreeHead();
    this.read = 0;
    this.map = emptyMap();
    this.signed.length = 0;
  }

  async request(method: string, body: unknown): Promise<unknown> {
    if (!this.connected) throw new BoopError('link.unavailable', 'down', { kind: 'unavailable' });
    if (this.misdeed === 'hangs') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new BoopError('link.timeout', 'no answer', { kind: 'unavailable' });
    }
    switch (method) {
      case 'checkpoint.head':
        return this.misdeed === 'malformed-answer' ? { size: -1 } : { ...this.head, read: this.read };
      case 'keys.get':
        return { key: serializeGroupKey(this.key.group) };
      case 'checkpoint.read':
        return this.#read(body);
      case 'checkpoint.cosign':
        return this.#cosign(body);
      case 'checkpoint.commit':
        return this.#commit(body);
      case 'checkpoint.sign':
        return this.#sign(body);
      default:
        throw new BoopError('link.unknown-method', 'unknown');
    }
  }

  #read(body: unknown) {
    const { origin, from, entries, transitions } = checkpointMethods['checkpoint.read'].body.parse(body);
    const records = entries.flatMap((bytes, at) => (isMapRevision(bytes) ? [{ bytes, entry: from + at }] : []));
    for (const [at, { bytes, entry }] of records.entries()) {
      const revision = parseMapRevision(bytes);
      // Read before, by another attempt.
      if (revision.revision <= this.map.revision) continue;
      verifyMapTransition({ origin, before: this.map, revision, transition: parseMapTransition(transitions[at]!) });
      this.map = { revision: revision.revision, root: revision.root, entry };
    }
    this.pages.push([from, entries.length]);
    this.read = from + entries.length;
    return { read: this.read };
  }

  #cosign(body: unknown) {
    const { origin, size, root } = checkpointMethods['checkpoint.cosign'].body.parse(body);
    if (size !== this.head.size) throw new BoopError('log.wrong-base', 'not the last head');
    const timeS = Math.floor(Date.now() / 1_000);
    return { party: this.party, timeS, signature: this.#signIdentity(cosignatureMessage(timeS, formatCheckpoint({ origin, size, root }))) };
  }

  #commit(body: unknown) {
    const { origin, size, root, fromSize, consistency } = checkpointMethods['checkpoint.commit'].body.parse(body);
    if (size > this.head.size && (this.read !== size || this.misdeed === 'has-not-read')) throw new BoopError('log.unread', 'not read');
    if (fromSize !== this.head.size) throw new BoopError('log.fork-refused', 'proof from another size');
    if (this.head.size > 0) verifyConsistencyProof(this.head, { size, root }, consistency);
    else if (size < this.head.size) throw new BoopError('log.fork-refused', 'smaller');
    this.head = { size, root };
    const attempt = systemRng.bytes(16);
    const made = commit(this.key, systemRng);
    this.#attempts.set(toHex(attempt), { text: formatCheckpoint({ origin, size, root }), ...made });
    // Beyond the field in the first element; with some bytes altered only, one in sixteen would be a valid point.
    const commitment = this.misdeed === 'bad-commitment' ? made.commitment.map((byte, at) => (at < 32 ? 255 : byte)) : made.commitment;
    return { party: this.misdeed === 'other-party' ? (this.party % 5) + 1 : this.party, attempt, commitment };
  }

  #sign(body: unknown) {
    const { attempt, commitments } = checkpointMethods['checkpoint.sign'].body.parse(body);
    const { text, nonces, commitment } = this.#attempts.get(toHex(attempt))!;
    this.#attempts.delete(toHex(attempt));
    if (this.misdeed === 'refuses-to-sign') throw new BoopError('node.busy', 'not now', { kind: 'peer' });
    const list = new Map(commitments.map((one) => [one.party as PartyId, one.commitment as Uint8Array]));
    // A node that lied about its own commitment goes on lying.
    if (this.misdeed === 'bad-commitment' && !equalBytes(list.get(this.party)!, commitment)) return { party: this.party, share: systemRng.bytes(32) };
    const share = signShare(this.key, nonces, list, utf8(text));
    this.signed.push(text);
    return { party: this.party, share: this.misdeed === 'bad-share' ? share.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) : share };
  }
}
