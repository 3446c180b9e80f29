import { idField } from '@boop/identity';
import { z } from 'zod';
import { timeoutDefaults } from './http/bounded-server.ts';
import { connectionDefaults } from './limits/connections.ts';
import { concurrencyDefaults } from './limits/load-shedder.ts';

const path = z.string().min(1);
const bound = z.number().int().positive();
const address = z.strictObject({ host: z.string().min(1).max(255), port: z.number().int().min(0).max(65_535) });

/** The gateway's YAML file. What all parties agree on stands in the manifest instead. */
export const gatewayConfigSchema = z.strictObject({
  networkId: idField,
  manifestFile: path,
  tls: z.strictObject({ certFile: path, keyFile: path, caFile: path }),
  http: address,
  /** Internal link, for the bridge. */
  link: address,
  metrics: address,
  databaseUrlFile: path,
  /** `id` is the replica's name in the ledger's certificate. */
  ledger: address.extend({ id: z.string().min(1).max(64).default('main') }),
  /** The attributes service; without it the gateway serves no attributes, consents and credentials. */
  attributes: address.extend({ id: z.string().min(1).max(64).default('main') }).optional(),
  seedFile: path,
  issuer: z.url(),
  publicUrls: z.strictObject({ gateway: z.url(), bridge: z.url(), ledger: z.url(), console: z.url() }),
  /** The gateway's Ed25519 signing key, created at first start; beside the TLS key when not given. */
  signingKeyFile: path.optional(),
  /** Secret of the OpenID provider, shared by replicas; created at first start beside the TLS key when not given. */
  oidcSecretFile: path.optional(),
  /** Failed attempts of a terminal that cost nothing, and after which nothing goes; NIST's 5 and 50, in test networks none, when not given. */
  attemptLimits: z.strictObject({ free: z.number().int().min(1), max: z.number().int().min(1) }).optional(),
  /** Sessions of registration that one address may open in a minute; 60, in test networks as many as all may, when not given. */
  registrationsPerAddress: z.number().int().positive().optional(),
  /** Waits between the attempts of a webhook, milliseconds; the documented schedule when not given. */
  webhookRetryMs: z.array(z.number().int().positive()).max(20).optional(),
  /** File with the URL of a Redis server that all replicas share; PostgreSQL does its work when not given. */
  redisUrlFile: path.optional(),
  /** Requests of one key or address in a minute, over all routes. */
  requestsPerMinute: z.number().int().positive().default(6_000),
  /** Certificate of the public port, which then speaks TLS 1.3 only; plain HTTP behind a proxy when not given. */
  httpTls: z.strictObject({ certFile: path, keyFile: path }).optional(),
  /** Requests of a class that are worked on at once; more are refused with `service.overloaded`. */
  concurrency: z.strictObject({ probes: bound.default(concurrencyDefaults.probes), money: bound.default(concurrencyDefaults.money), writes: bound.default(concurrencyDefaults.writes), reads: bound.default(concurrencyDefaults.reads) }).default(concurrencyDefaults),
  connections: z.strictObject({ max: bound.default(connectionDefaults.max), perAddress: bound.default(connectionDefaults.perAddress) }).default(connectionDefaults),
  /** Addresses and networks of proxies before the public port, whose `X-Forwarded-For` says who asks; without them everybody behind a proxy is one address. */
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
  timeouts: z.strictObject({ headersMs: bound.default(timeoutDefaults.headersMs), requestMs: bound.default(timeoutDefaults.requestMs) }).default(timeoutDefaults),
});
export type GatewayConfig = z.infer<typeof gatewayConfigSchema>;
