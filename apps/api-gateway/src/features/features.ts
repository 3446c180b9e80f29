import { consentsFeature } from '../consents/consents.feature.ts';
import { authenticationsFeature } from './authentications.feature.ts';
import { type Core } from './core.ts';
import { credentialsFeature } from './credentials.feature.ts';
import { type Feature } from './feature.ts';
import { ledgerFeature } from './ledger.feature.ts';
import { networkFeature } from './network.feature.ts';
import { registrationsFeature } from './registrations.feature.ts';
import { terminalsFeature } from './terminals.feature.ts';
import { upkeepFeature } from './upkeep.feature.ts';

/** All features of the gateway. One that needs another's service gets it here, as an argument. */
export async function openFeatures(core: Core): Promise<readonly Feature[]> {
  const { attributes: attributesAt } = core.config;
  const attributes = attributesAt && core.connect({ role: 'attributes', id: attributesAt.id }, attributesAt.host, attributesAt.port);
  const authentications = authenticationsFeature(core);
  return [
    credentialsFeature(core),
    authentications,
    registrationsFeature(core),
    await terminalsFeature(core, authentications.service),
    networkFeature(core),
    ledgerFeature(core),
    ...(attributes ? [consentsFeature(core, attributes)] : []),
    upkeepFeature(core),
  ];
}
