import { OwnerCalls, type SignedErasureRequest } from '@boop/identity';
import { type Logger } from '@boop/platform';
import { type Clock, type Rng } from '@boop/shared';
import { type PrismaClient } from '../generated/prisma/client.ts';
import { type MethodHandlers } from '../link/method-table.ts';
import { consentHandlers } from './consent-handlers.ts';
import { type ConsentFeed, ConsentService } from './consent-service.ts';
import { prismaConsentStore } from './prisma-consent-store.ts';

const tellAgainMsDefault = 1_000;

export interface Consents {
  readonly service: ConsentService;
  /** Methods for the gateway's link. */
  readonly handlers: MethodHandlers;
  close(): Promise<void>;
}

export interface ConsentsOptions {
  readonly database: PrismaClient;
  /** Read at each use: the epoch moves on. */
  readonly network: { readonly networkId: string; readonly epoch: number };
  readonly feed: ConsentFeed;
  readonly eraseAttributes: (request: SignedErasureRequest) => Promise<{ attributes: number }>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
  /** A second unless said otherwise. */
  readonly tellAgainMs?: number;
}

/** Consents with their store and the work that repeats: telling the nodes what they have not confirmed. */
export function createConsents({ database, tellAgainMs = tellAgainMsDefault, ...use }: ConsentsOptions): Consents {
  const service = new ConsentService({ ...use, store: prismaConsentStore(database) });
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const again = (): void => {
    timer = setTimeout(() => {
      running = service.tellAgain().catch((error: unknown) => use.log.error('consents could not be read', { error })).then(() => void (closed || again()));
    }, tellAgainMs);
  };
  again();
  return {
    service,
    handlers: consentHandlers({ service, calls: new OwnerCalls({ networkId: use.network.networkId, clock: use.clock }) }),
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
