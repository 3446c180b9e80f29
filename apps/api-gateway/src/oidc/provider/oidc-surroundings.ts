import { type Logger } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { type DirectoryStore } from '../../services/ports.ts';
import { type NetworkService, type PublicUrls } from '../../services/network-service.ts';
import { type Database } from '../../store/database.ts';
import { type ClientStore } from '../clients/client-store.ts';
import { type BackchannelRequests } from '../ciba/backchannel-requests.ts';
import { type PalmLogins } from '../login/palm-logins.ts';
import { type OidcSecrets } from '../oidc-secrets.ts';

/** What the OpenID provider is built from. */
export interface OidcSurroundings {
  readonly manifest: NetworkManifest;
  readonly network: Pick<NetworkService, 'tokenKeys'>;
  readonly issuer: string;
  readonly urls: PublicUrls;
  readonly database: Database;
  readonly directory: Pick<DirectoryStore, 'vendor' | 'terminal' | 'principalOf'>;
  readonly secrets: OidcSecrets;
  readonly clients: ClientStore;
  readonly logins: PalmLogins;
  readonly backchannel: BackchannelRequests;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly log: Logger;
}
