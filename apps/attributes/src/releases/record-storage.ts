import { grantSubject, type RecordGrant, recordGrantBytes, type SignedRecordGrant } from '@boop/identity';
import { type StoredRecord } from '@boop/protocol';
import { BoopError, type Clock, toBase64Url } from '@boop/shared';
import { type AttributeStore } from '../attributes/attribute-store.ts';
import { type Nodes } from '../nodes/node-links.ts';
import { gateKey, type ReleaseGate } from './release-gate.ts';
import { type ReleaseLog } from './release-log.ts';

/** How far a node's clock may be ahead or behind, seconds. */
const clockSkewSeconds = 2;

/** Hands out a record for equal grants of 2t+1 nodes, once, and for nothing else: neither this process nor who calls it decides anything. */
export class RecordStorage {
  readonly #input: { nodes: Nodes; store: AttributeStore; releases: ReleaseLog; gate: ReleaseGate; clock: Clock };

  constructor(input: { nodes: Nodes; store: AttributeStore; releases: ReleaseLog; gate: ReleaseGate; clock: Clock }) {
    this.#input = input;
  }

  /**
   * @param answer what is made of the record; it has ended before a revocation of the consent is acknowledged
   * @throws BoopError `release.not-granted`, `release.revoked`, `release.replayed`, `attribute.tampered`
   */
  async open<T>(grants: readonly SignedRecordGrant[], answer: (record: StoredRecord) => Promise<T>): Promise<T> {
    const { store, releases, gate, clock } = this.#input;
    const grant = this.#agreed(grants);
    const handOut = async (): Promise<T> => {
      const { signed, ciphertext } = await store.get(grant);
      if (!(await releases.add(grant, clock.nowMs()))) throw new BoopError('release.replayed', 'this record was handed out on that basis before');
      return await answer({ document: signed.record, ...(signed.attested !== undefined && { attested: signed.attested }), ciphertext: toBase64Url(ciphertext) });
    };
    return grant.consentId === undefined ? await handOut() : await gate.pass(gateKey(grant.personId, grant.consentId), handOut);
  }

  /** @throws BoopError `release.not-granted` unless 2t+1 nodes of one epoch signed the same, in time */
  #agreed(grants: readonly SignedRecordGrant[]): RecordGrant {
    const { nodes, clock } = this.#input;
    const [first] = grants;
    const now = clock.nowMs() / 1000;
    const subject = first && grantSubject(first.grant);
    const equal = grants.filter(({ grant }) => grantSubject(grant) === subject && grant.networkId === nodes.networkId && now < grant.expiresAt + clockSkewSeconds);
    const enough = nodes.committees().some(({ threshold, verify }) => new Set(equal.filter(({ party, grant, signature }) => verify(party, recordGrantBytes(grant), signature)).map(({ party }) => party)).size > 2 * threshold);
    if (!first || !enough) throw new BoopError('release.not-granted', 'too few nodes grant this release', { kind: 'peer' });
    return first.grant;
  }
}
