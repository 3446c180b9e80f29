import { type SigningKey } from '@boop/identity';
import { type LinkClient, type Logger, type PeerIdentity } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Clock, type Rng } from '@boop/shared';
import { type Registry } from 'prom-client';
import { type GatewayConfig } from '../config.ts';
import { type AccountsClient } from '../ledger/accounts-client.ts';
import { type Ledger } from '../ledger/ledger-client.ts';
import { type NodePool } from '../nodes/node-pool.ts';
import { type NetworkService } from '../services/network-service.ts';
import { type RateLimits } from '../services/rate-limit.ts';
import { type StageMetrics } from '../services/stage-metrics.ts';
import { type Database } from '../store/database.ts';
import { type Stores } from '../store/stores.ts';

/** What every feature may be built from; each takes the parts that it needs. */
export interface Core {
  readonly config: GatewayConfig;
  readonly manifest: NetworkManifest;
  readonly database: Database;
  readonly stores: Stores;
  readonly network: NetworkService;
  readonly nodes: NodePool;
  readonly ledger: Ledger;
  readonly accounts: AccountsClient;
  /** Sends what waits in the outbox; called after a decision is stored. */
  readonly sendOutbox: () => void;
  readonly limits: RateLimits;
  readonly registry: Registry;
  readonly metrics: StageMetrics;
  /** The gateway's own Ed25519 key. */
  readonly device: SigningKey;
  /** Opens a link that is closed with the gateway. */
  readonly connect: (expect: PeerIdentity, host: string, port: number) => LinkClient;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
}
