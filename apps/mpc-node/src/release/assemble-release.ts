import { type Logger } from '@boop/platform';
import { type Clock, type Rng } from '@boop/shared';
import { ConsentView } from '../consents/consent-view.ts';
import { type FeedStore } from '../consents/facts.ts';
import { FeedService } from '../consents/feed-service.ts';
import { CredentialRecords } from '../credentials/credential-records.ts';
import { CredentialService } from '../credentials/credential-service.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type KeyRing } from '../signing/key-ring.ts';
import { AttributeRecords } from './attribute-records.ts';
import { Evaluation } from './evaluation.ts';
import { type RecordStorage, ReleaseLeader } from './release-leader.ts';
import { ReleaseService } from './release-service.ts';
import { SessionRelease } from './session-release.ts';

/** All that a node has to do with attributes. */
export interface AttributeRelease {
  readonly feed: FeedService;
  readonly view: ConsentView;
  readonly records: AttributeRecords;
  readonly credentials: CredentialService;
  readonly releases: ReleaseService;
  readonly sessions: SessionRelease;
  readonly leader: ReleaseLeader;
}

export function assembleRelease(input: {
  network: Network;
  gallery: Gallery;
  ring: KeyRing;
  peers: Peers;
  store: FeedStore;
  storage: RecordStorage;
  signIdentity: (bytes: Uint8Array) => Uint8Array;
  clock: Clock;
  rng: Rng;
  log: Logger;
}): AttributeRelease {
  const { network, gallery, ring, peers, store, storage, signIdentity, clock, rng, log } = input;
  const { networkId, self } = network;
  const view = new ConsentView(clock);
  const records = new AttributeRecords();
  const credentials = new CredentialRecords(networkId);
  const evaluation = new Evaluation({ networkId, self, ring, clock, rng, signIdentity });
  const sessions = new SessionRelease({ networkId, gallery, view, records, evaluation, clock });
  return {
    view,
    records,
    sessions,
    credentials: new CredentialService({ networkId, self, ring, view, records, credentials, clock, rng }),
    feed: new FeedService({ networkId, store, view, records, credentials, accounts: gallery.accounts, signIdentity, log }),
    releases: new ReleaseService({ networkId, accounts: gallery.accounts, view, records, store, evaluation, clock }),
    leader: new ReleaseLeader({ peers, storage, release: sessions, needed: network.committeeSize, log }),
  };
}
