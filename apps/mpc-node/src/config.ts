import { bytesField, idField } from '@boop/identity';
import { custodySettingsSchema } from '@boop/platform';
import { epochDrainSeconds } from '@boop/protocol';
import { z } from 'zod';
import { backupSettingsSchema } from './backups/backup-schedule.ts';

const address = z.strictObject({ host: z.string().min(1).max(255), port: z.number().int().min(0).max(65_535) });
const path = z.string().min(1);

const limits = z.strictObject({
  freeFailures: z.number().int().min(0),
  delaySeconds: z.number().min(0),
  failuresMax: z.number().int().positive(),
  acceptedPerDayMax: z.number().int().positive(),
});

/** One node's YAML file. Everything that the nodes must agree on stands in the manifest instead. */
export const nodeConfigSchema = z.strictObject({
  networkId: idField,
  /** Share index of this node, 1…N. */
  nodeId: z.number().int().min(1).max(255),
  manifestFile: path,
  /** The manifest of the next epoch, once this node's custodian has approved it by putting it there. */
  nextManifestFile: path.optional(),
  /** Folder for the socket over which this node's custodian decides on manifests; only the node's user may use it. */
  controlDir: path.optional(),
  /** Digest of the software that runs, as manifests list it; a release measures itself unless this is said. */
  software: bytesField(32).optional(),
  /** How long sessions of an epoch may go on after the next one is served, before its shares are erased. */
  epochDrainSeconds: z.number().min(0).max(3_600).default(epochDrainSeconds),
  keysDir: path,
  /** Where this node's keys are: in `keysDir`, or in a PKCS#11 token. */
  custody: custodySettingsSchema.default({ kind: 'file' }),
  tls: z.union([
    /** Under a network's certificate authority. */
    z.strictObject({ certFile: path, keyFile: path, caFile: path }),
    /** Under this node's identity key; members are trusted by the manifest, services by the authorities in a PEM file. */
    z.strictObject({ sealedFile: path, servicesFile: path }),
  ]),
  link: address,
  health: address,
  metrics: address.optional(),
  databaseUrlFile: path,
  /** Hourly and daily backups; none unless said. */
  backups: backupSettingsSchema.optional(),
  /** A new key signs tokens from every multiple of the period since 1970 on, announced so long before; never unless said. All nodes must say the same. */
  tokenKey: z
    .strictObject({ periodSeconds: z.number().int().min(3_600), announceSeconds: z.number().int().min(300).default(86_400) })
    .refine(({ periodSeconds, announceSeconds }) => announceSeconds <= periodSeconds / 2, 'a key is announced for at most half of its period')
    .optional(),
  /** Budgets of attempts in place of NIST's. */
  attempts: z.strictObject({ terminal: limits, vendor: limits, subjectAcceptedPerDayMax: z.number().int().positive() }).optional(),
});
export type NodeConfig = z.infer<typeof nodeConfigSchema>;
