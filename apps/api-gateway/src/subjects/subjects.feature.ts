import { ownerAuthenticator } from '../consents/owner-authenticator.ts';
import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { verifyEd25519 as verify } from '../nodes/verify-ed25519.ts';
import { LogService } from '../services/log-service.ts';
import { writeEffects } from '../store/effects.ts';
import { CustodianOrderService } from './custodian-order-service.ts';
import { custodianOrderStore } from './custodian-order-store.ts';
import { CustodianOrdersController } from './custodian-orders.controller.ts';
import { SubjectService } from './subject-service.ts';
import { subjectsApi } from './subjects.api.ts';
import { SubjectsController } from './subjects.controller.ts';

/** People as the nodes know them: what they may ask for, and what custodians may order about them. */
export function subjectsFeature({ config, manifest, database, nodes, ledger, stores, sendOutbox, clock, rng, log }: Core): Feature {
  const subjects = new SubjectService({
    nodes,
    manifest,
    log: new LogService(ledger, stores.outbox),
    async send(entry) {
      await database.$transaction(async (tx) => await writeEffects(tx, { events: [], outbox: [entry] }));
      sendOutbox();
    },
    verify,
    clock,
  });
  const orders = new CustodianOrderService({ store: custodianOrderStore(database), subjects, manifest, verify, clock, rng, log });
  return {
    name: 'subjects',
    controllers: [CustodianOrdersController, SubjectsController],
    providers: [
      { provide: SubjectService, useValue: subjects },
      { provide: CustodianOrderService, useValue: orders },
    ],
    api: subjectsApi,
    authenticators: [ownerAuthenticator({ networkId: config.networkId, clock })],
    jobs: [{ name: 'carry out orders of custodians', everyMs: 10_000, run: () => orders.settle() }],
  };
}
