import { authenticationStore } from './authentication-store.ts';
import { type Database } from './database.ts';
import { directoryStore } from './directory-store.ts';
import { eventStore } from './event-store.ts';
import { type RegistrationFaultHook } from './fault-points.ts';
import { groupKeyStore } from './group-key-store.ts';
import { idempotencyStore } from './idempotency-store.ts';
import { outboxStore } from './outbox-store.ts';
import { registrationStore } from './registration-store.ts';

/** All ports to the database. */
/** @param faults tests of crashes */
export const openStores = (database: Database, faults?: RegistrationFaultHook) => ({
  authentications: authenticationStore(database),
  registrations: registrationStore(database, faults),
  events: eventStore(database),
  directory: directoryStore(database),
  outbox: outboxStore(database, faults),
  idempotency: idempotencyStore(database),
  groupKeys: groupKeyStore(database),
});
export type Stores = ReturnType<typeof openStores>;
