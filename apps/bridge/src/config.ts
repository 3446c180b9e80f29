import { idField } from '@boop/identity';
import { z } from 'zod';

const path = z.string().min(1);
const address = z.strictObject({ host: z.string().min(1).max(255), port: z.number().int().min(0).max(65_535) });

export const limitsSchema = z.strictObject({
  helloTimeoutMs: z.number().int().positive().default(5_000),
  heartbeatMs: z.number().int().positive().default(30_000),
  /** How long a connection may go on after its key was revoked or has expired; looked at with a heartbeat. */
  credentialCheckMs: z.number().int().positive().default(300_000),
  /** Larger frames close the connection with 4413. */
  frameBytesMax: z.number().int().positive().default(1024 * 1024),
  /** More than this waiting to be read closes it with 4430. */
  unreadBytesMax: z.number().int().positive().default(1024 * 1024),
  /** Messages of one connection: sustained rate and burst. */
  messagesPerSecond: z.number().positive().default(20),
  messagesBurst: z.number().int().positive().default(60),
  /** Hellos with a wrong key from one address; one more is closed with 4429, whatever its key. */
  wrongKeysPerMinute: z.number().int().positive().default(600),
  /** Connections of one vendor, terminal, administrator or registration. */
  connectionsPerIdentity: z.number().int().positive().default(16),
  connectionsMax: z.number().int().positive().default(10_000),
  /** Connections beside them that are no WebSocket, or not yet. */
  handshakesMax: z.number().int().positive().default(2_000),
});
export type Limits = z.infer<typeof limitsSchema>;

/** The bridge's YAML file. */
export const bridgeConfigSchema = z.strictObject({
  networkId: idField,
  tls: z.strictObject({ certFile: path, keyFile: path, caFile: path }),
  http: address,
  /** Serves the public port by TLS 1.3 with this certificate; absent: plain HTTP and WebSocket, for a proxy that does. */
  publicTls: z.strictObject({ certFile: path, keyFile: path }).optional(),
  metrics: address,
  /** The gateway's database: the bridge reads the channels' events there. */
  databaseUrlFile: path,
  /** Redis that several bridges share; without it each reads the database. */
  redisUrlFile: path.optional(),
  /** How much of a channel Redis keeps; the gateway bounds the database's part. */
  history: z.strictObject({ eventsMax: z.number().int().positive().default(1_000), ageMs: z.number().int().positive().default(600_000) }).prefault({}),
  /** `id` is the replica's name in the gateway's certificate. */
  gateway: address.extend({ id: z.string().min(1).max(64).default('main') }),
  /** Addresses and networks of proxies before the public port, whose `X-Forwarded-For` says who connects. */
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
  /** Web pages that may connect, as origins; absent: all. Clients that are no browser send no origin and are let through. */
  origins: z.array(z.url()).optional(),
  limits: limitsSchema.prefault({}),
});
export type BridgeConfig = z.infer<typeof bridgeConfigSchema>;
