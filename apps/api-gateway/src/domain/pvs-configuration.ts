import { type SigningKey } from '@boop/identity';
import { type PvsConfiguration } from '@boop/protocol';
import { canonicalJson } from '@boop/shared';

export type PvsDocument = PvsConfiguration['document'];

/** The version that terminals shall use. */
export interface ConfigurationInForce {
  readonly version: number;
  /** All versions above `version` up to this one were withdrawn. */
  readonly rollbackOf?: number | undefined;
  readonly document: PvsDocument;
}

const domain = 'boop-pvs-configuration/1';
export const pvsHeartbeatMs = 30_000;
/** A probe may be worse than a sample of a registration: who is not recognised simply tries again. */
export const probeQualityMin = 50;

export const pvsDocument = (encoder: string): PvsDocument => ({ encoder, sampleQualityMin: probeQualityMin, heartbeatMs: pvsHeartbeatMs });

/** Ed25519 over the canonical JSON of version, rollback and document. */
export function signConfiguration({ version, rollbackOf, document }: ConfigurationInForce, key: SigningKey): PvsConfiguration {
  const content = { version, ...(rollbackOf === undefined ? {} : { rollbackOf }), document };
  return { ...content, publicKey: key.publicKey, signature: key.sign(domain, canonicalJson(content)) };
}
