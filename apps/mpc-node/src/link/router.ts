import { type Handlers, partyOf, type PeerIdentity } from '@boop/platform';
import { attributeNodeMethods, checkpointMethods, credentialNodeMethods, manifestMethods, nodeMethods } from '@boop/protocol';
import { BoopError, type PartyId } from '@boop/shared';
import { type z } from 'zod';
import { epochOf } from '../epochs/epoch-peers.ts';
import { type AttributesHandlers } from './attributes-handlers.ts';
import { peerMethods } from './peer-methods.ts';
import { type PeerHandlers } from './peers.ts';

const ofAttributesService = { ...attributeNodeMethods, ...credentialNodeMethods };

type Method = { readonly body: z.ZodType; readonly answer: z.ZodType };
type MethodTable = Readonly<Record<string, Method>>;
export type TableHandlers<Table extends MethodTable> = { readonly [M in keyof Table]: (body: z.infer<Table[M]['body']>) => Promise<z.infer<Table[M]['answer']>> };
export type GatewayHandlers = TableHandlers<typeof nodeMethods>;
export type ManifestHandlers = TableHandlers<typeof manifestMethods>;
export type LedgerHandlers = TableHandlers<typeof checkpointMethods>;

type AnyHandler = (...input: unknown[]) => Promise<unknown>;

/** Serves each role its own table of methods, with bodies in the documented form only. */
export function createRouter(input: {
  /** Those of one epoch, for a node that may take part in it. @throws BoopError `epoch.unknown`, `peer.software-not-listed` */
  peers: (epoch: number, from: PartyId) => PeerHandlers;
  /** What nodes ask of each other about epochs. */
  epochs: (from: PartyId, method: string, body: unknown) => Promise<unknown>;
  gateway: () => GatewayHandlers;
  ledger: () => LedgerHandlers;
  attributes: () => AttributesHandlers;
  /** For all services. */
  manifests: ManifestHandlers;
  deliver: (from: PartyId, runId: Uint8Array, payload: Uint8Array) => void;
}): Handlers {
  return {
    async request(peer: PeerIdentity, method, body) {
      if (peer.role !== 'node' && Object.hasOwn(manifestMethods, method)) return await (input.manifests[method as keyof ManifestHandlers] as AnyHandler)(parse(manifestMethods, method, body));
      switch (peer.role) {
        case 'node': {
          const from = partyOf(peer);
          const inEpoch = epochOf(method);
          if (!inEpoch) return await input.epochs(from, method, body);
          const parsed = parse(peerMethods, inEpoch.method, body);
          return await (input.peers(inEpoch.epoch, from)[inEpoch.method as keyof PeerHandlers] as AnyHandler)(from, parsed);
        }
        case 'gateway':
          return await (input.gateway()[method as keyof GatewayHandlers] as AnyHandler)(parse(nodeMethods, method, body));
        case 'ledger':
          return await (input.ledger()[method as keyof LedgerHandlers] as AnyHandler)(parse(checkpointMethods, method, body));
        case 'attributes':
          return await (input.attributes()[method as keyof AttributesHandlers] as AnyHandler)(parse(ofAttributesService, method, body));
        default:
          throw new BoopError('link.refused', 'this peer has no business here', { kind: 'peer' });
      }
    },
    session(peer, runId, payload) {
      input.deliver(partyOf(peer), runId, payload);
    },
  };
}

/** @throws BoopError `link.unknown-method`, `request.malformed` */
function parse(table: MethodTable, method: string, body: unknown): unknown {
  if (!Object.hasOwn(table, method)) throw new BoopError('link.unknown-method', 'no such method for this peer');
  const parsed = table[method]!.body.safeParse(body);
  if (!parsed.success) throw new BoopError('request.malformed', 'the request does not have the documented form');
  return parsed.data;
}
