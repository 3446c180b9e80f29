import { dirname, resolve } from 'node:path';
import { feeScheduleSchema } from '@boop/accounts';
import { idField } from '@boop/identity';
import { loadConfig } from '@boop/platform';
import { z } from 'zod';

const path = z.string().min(1);
const host = z.string().min(1).max(255);
const listener = z.strictObject({ host, port: z.number().int().min(0).max(65_535) });
const milliseconds = z.number().int().min(1).max(60_000);

export const tuningSchema = z.strictObject({
  /** Least time between two batches of entries. */
  batchIntervalMs: milliseconds.default(200),
  batchMax: z.number().int().min(1).max(8_192).default(1_024),
  /** Entries that may wait for a batch. */
  waitingMax: z.number().int().min(1).max(65_536).default(8_192),
  /** Least time between two checkpoints. */
  checkpointIntervalMs: milliseconds.default(500),
  /** Least time between two revisions of the map. */
  revisionIntervalMs: milliseconds.default(1_000),
  /** Mutations that may wait for a revision. */
  mutationsWaitingMax: z.number().int().min(1).max(1_048_576).default(65_536),
  /** Requests of one client a minute: mutations, and questions about single accounts. */
  mutationsPerMinute: z.number().int().min(1).max(1_000_000).default(120),
  lookupsPerMinute: z.number().int().min(1).max(1_000_000).default(600),
  /** How often a standby tries to take over. */
  leaderIntervalMs: milliseconds.default(1_000),
  /** For how long a node that spoiled a signature is left out. */
  leftOutMs: milliseconds.default(30_000),
  /** How old a cosignature of the newest checkpoint may grow before its signer is asked again. */
  cosignatureRefreshMs: z.number().int().min(1).max(3_600_000).default(60_000),
  nodeTimeoutMs: milliseconds.default(3_000),
});
/** C2SP signed-note verifier key. */
const vkey = z.string().min(1).max(500);
const witnessSchema = z.strictObject({
  /** Name of this ledger's cosigning key. */
  name: z.string().regex(/^[^\s+]{1,255}$/),
  /** Created at the first start, mode 0600. */
  keyFile: path.default('witness.key'),
  /** Keys of the logs that it watches. */
  logs: z.array(vkey).max(64),
});

export type Tuning = z.infer<typeof tuningSchema>;

export const configSchema = z.strictObject({
  networkId: idField,
  /** The network manifest as JSON. */
  manifestFile: path,
  tls: z.strictObject({ certFile: path, keyFile: path, caFile: path }),
  /** Public: tiles, checkpoints, proofs, health. */
  http: listener.extend({
    /** Addresses or networks of proxies whose `X-Forwarded-For` is believed; else the address of the connection counts. */
    trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).max(64).optional(),
  }),
  /** For the gateway only. */
  link: listener,
  metrics: listener,
  /** Holds the database's URL; mode 0600. */
  databaseUrlFile: path,
  /** Key of the function that gives accounts their index; created at the first start, mode 0600. Replicas share it, and it is never replaced. */
  vrfKeyFile: path.default('map-vrf.key'),
  /** Witnesses that are asked to cosign each checkpoint (C2SP tlog-witness): submission prefix and key. */
  witnesses: z.array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), vkey })).max(16).default([]),
  /** Makes this ledger a witness of other logs, at `/witness/add-checkpoint`. */
  witness: witnessSchema.optional(),
  /** Fees that settlements take, one schedule an asset. */
  feeSchedules: z.array(feeScheduleSchema).max(100).default([]),
  tuning: tuningSchema.prefault({}),
});
export type LedgerConfig = z.infer<typeof configSchema>;

/** Reads the file and the environment; relative paths are relative to the file. @throws BoopError `config.*` */
export function loadLedgerConfig(file: string | undefined, env: Readonly<Record<string, string | undefined>>): LedgerConfig {
  const config = loadConfig<LedgerConfig>(configSchema, { file, env, prefix: 'BOOP' });
  const from = (path: string): string => resolve(file === undefined ? '.' : dirname(file), path);
  const { certFile, keyFile, caFile } = config.tls;
  return {
    ...config,
    manifestFile: from(config.manifestFile),
    databaseUrlFile: from(config.databaseUrlFile),
    vrfKeyFile: from(config.vrfKeyFile),
    ...(config.witness ? { witness: { ...config.witness, keyFile: from(config.witness.keyFile) } } : {}),
    tls: { certFile: from(certFile), keyFile: from(keyFile), caFile: from(caFile) },
  };
}
