import { type TLSSocket } from 'node:tls';
import { BoopError } from '@boop/shared';
import { type Authorities, boopUris } from './authorities.ts';

const ROLES = ['node', 'gateway', 'bridge', 'ledger', 'attributes', 'cli'] as const;
export type PeerRole = (typeof ROLES)[number];

/** Who a process is in its network: what its certificate says, `boop://<network>/<role>/<id>`. */
export interface PeerIdentity {
  readonly role: PeerRole;
  /** For a node its party id in decimal; otherwise the replica's name. */
  readonly id: string;
}

const SEGMENT = '[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?';
const PEER_URI = new RegExp(`^boop://(${SEGMENT})/(${ROLES.join('|')})/(${SEGMENT})$`);

/** @throws BoopError `link.bad-identity` unless the URI parses back to the same three parts. */
export function peerUri(networkId: string, peer: PeerIdentity): string {
  const uri = `boop://${networkId}/${peer.role}/${peer.id}`;
  if (!PEER_URI.test(uri)) throw badIdentity('network id, role or id is malformed');
  return uri;
}

/** @throws BoopError `link.bad-identity` */
export function parsePeerUri(uri: string, networkId: string): PeerIdentity {
  const match = PEER_URI.exec(uri);
  if (!match) throw badIdentity('the certificate names no role of a network');
  if (match[1] !== networkId) throw badIdentity('the certificate is of another network');
  return { role: match[2] as PeerRole, id: match[3]! };
}

/** The identity in the peer's certificate, whose chain TLS has verified: exactly one `boop:` URI among its alternative names, issued by who may. */
export function peerIdentityOf(socket: TLSSocket, networkId: string, authorities: Authorities): PeerIdentity {
  const certificate = socket.getPeerX509Certificate();
  const uris = certificate ? boopUris(certificate) : [];
  if (!certificate || uris.length !== 1) throw badIdentity('the certificate must hold one boop URI');
  const peer = parsePeerUri(uris[0]!, networkId);
  authorities.check(certificate, uris[0]!);
  return peer;
}

/** Key of a peer in maps and logs. */
export const peerName = (peer: PeerIdentity): string => `${peer.role}/${peer.id}`;

const badIdentity = (message: string): BoopError => new BoopError('link.bad-identity', message, { kind: 'peer', retryAllowed: false });
