import { authenticationStore } from './authentication-store.ts';
import { type Database } from './database.ts';
import { directoryStore } from './directory-store.ts';
import { eventStore } from './event-store.ts';
import { groupKeyStore } from './group-key-store.ts';
import { idempotencyStore } from './idempotency-store.ts';
import { outboxStore } from './outbox-store.ts';
import { registrationStore } from './registration-store.ts';

/** All ports to the database. */
export const openStores = (database: Database) => ({
  authentications: authenticationStore(database),
  registrations: registrationStore(database),
  events: eventStore(database),
  directory: directoryStore(database),
  outbox: outboxStore(database),
  idempotency: idempotencyStore(database),
  groupKeys: groupKeyStore(database),
});
export type Stores = ReturnType<typeof openStores>;
