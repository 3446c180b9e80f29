import { idField } from '@boop/identity';
import { z } from 'zod';

const address = z.strictObject({ host: z.string().min(1).max(255), port: z.number().int().min(0).max(65_535) });
const path = z.string().min(1);

/** The service's YAML file. */
export const attributesConfigSchema = z.strictObject({
  networkId: idField,
  manifestFile: path,
  tls: z.strictObject({ certFile: path, keyFile: path, caFile: path }),
  /** Where the gateway connects. */
  link: address,
  health: address,
  metrics: address.optional(),
  databaseUrlFile: path,
});
export type AttributesConfig = z.infer<typeof attributesConfigSchema>;
