import { ledgerMethods, logEntryHash } from '@boop/protocol';
import { type Handlers, type PeerIdentity } from '@boop/platform';
import { BoopError, fromBase64Url } from '@boop/shared';
import { type LogKey } from '../checkpoints/log-key.ts';
import { type Admission } from '../sequencer/admission.ts';
import { type Erasure } from '../map/erasure.ts';
import { type EntryPool } from '../sequencer/entry-pool.ts';
import { type Proofs } from '../serving/proofs.ts';

type Method = keyof typeof ledgerMethods;

export interface LedgerServices {
  readonly origin: string;
  readonly admission: Admission;
  readonly pool: EntryPool;
  readonly proofs: Proofs;
  readonly key: LogKey;
  readonly erasure: Erasure;
  readonly appendTimeoutMs: number;
}

/** Who may connect to the internal link at all. */
export const isGateway = (peer: PeerIdentity): boolean => peer.role === 'gateway';

/** Answers `ledgerMethods` for gateways. */
export function ledgerHandlers(services: LedgerServices): Handlers {
  const { origin, admission, pool, proofs, key, erasure, appendTimeoutMs } = services;
  const handlers: { [M in Method]: (body: unknown) => Promise<unknown> } = {
    async 'log.append'(body) {
      const { entry, receipts } = parseBody('log.append', body);
      await admission.check(entry, receipts);
      const entryHash = logEntryHash(entry);
      return { entryHash, leafIndex: await bounded(pool.add({ hash: fromBase64Url(entryHash), bytes: entry }), appendTimeoutMs) };
    },
    async 'log.proof'(body) {
      return { proof: await proofs.proofOf(parseBody('log.proof', body).entryHash) };
    },
    async 'log.key'(body) {
      parseBody('log.key', body);
      return { origin, verifierKey: (await key.get()).vkey };
    },
    async 'map.erase'(body) {
      return await bounded(erasure.erase(parseBody('map.erase', body).label), appendTimeoutMs);
    },
  };
  return {
    async request(peer, method, body) {
      if (!isGateway(peer) || !Object.hasOwn(handlers, method)) throw new BoopError('link.unknown-method', 'this peer is not served that');
      return await handlers[method as Method](body);
    },
    // The log takes part in no protocol runs.
    session() {},
  };
}

function parseBody<M extends Method>(method: M, body: unknown): ReturnType<(typeof ledgerMethods)[M]['body']['parse']> {
  const parsed = ledgerMethods[method].body.safeParse(body);
  if (!parsed.success) throw new BoopError('request.malformed', 'the request does not have the documented form');
  return parsed.data as ReturnType<(typeof ledgerMethods)[M]['body']['parse']>;
}

/** The entry may still be written later; appending it again is harmless. @throws BoopError `log.unavailable` */
async function bounded<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BoopError('log.unavailable', 'the entry is not written yet; append it again', { kind: 'unavailable' })), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
