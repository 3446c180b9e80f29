import { OwnerCalls } from '@boop/identity';
import { type Logger } from '@boop/platform';
import { credentialMethods, credentialsPath } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { checked, type MethodHandlers } from '../link/method-table.ts';
import { type Database } from '../store/database.ts';
import { CredentialService, type CredentialServiceOptions } from './credential-service.ts';
import { CredentialStore } from './credential-store.ts';
import { FrostCoordinator, type SignerLink } from './frost-coordinator.ts';

export interface CredentialsOptions {
  readonly database: Database;
  readonly networkId: string;
  readonly feed: CredentialServiceOptions['feed'];
  /** Nodes of the manifest in force. */
  readonly signers: () => readonly SignerLink[];
  /** The group key `credential`, serialised. */
  readonly groupKey: () => Promise<Uint8Array>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Credentials {
  readonly service: CredentialService;
  /** Methods for the gateway's link. */
  readonly handlers: MethodHandlers;
}

/** Credentials with their store and their signers. */
export function createCredentials({ database, networkId, feed, signers, groupKey, clock, log }: CredentialsOptions): Credentials {
  const service = new CredentialService({ networkId, store: new CredentialStore(database), feed, signer: new FrostCoordinator({ signers, groupKey, log }), clock });
  const calls = new OwnerCalls({ networkId, clock });
  const handlers = checked(credentialMethods, {
    'credentials.issue': ({ request, issuer }) => service.issue(request, issuer),
    'credentials.status': ({ change }) => service.changeStatus(change),
    'credentials.list': async ({ call }) => ({ credentials: await service.list(calls.accept(call, 'GET', credentialsPath)) }),
    'credentials.status-list': async ({ issuer }) => ({ token: await service.statusList(issuer) }),
  });
  return { service, handlers };
}
