import { attributesFeature } from '../attributes/attributes.feature.ts';
import { auditFeature } from '../audit/audit.feature.ts';
import { credentialsFeature } from '../credentials/credentials.feature.ts';
import { terminalsFeature } from '../terminals/terminals.feature.ts';
import { vendorsFeature } from '../vendors/vendors.feature.ts';
import { consentsFeature } from '../consents/consents.feature.ts';
import { personCredentialsFeature } from '../credentials-api/person-credentials.feature.ts';
import { authenticationsFeature } from './authentications.feature.ts';
import { type Core } from './core.ts';
import { type Feature } from './feature.ts';
import { ledgerFeature } from './ledger.feature.ts';
import { networkFeature } from './network.feature.ts';
import { oidcFeature } from '../oidc/oidc.feature.ts';
import { registrationsFeature } from './registrations.feature.ts';
import { upkeepFeature } from './upkeep.feature.ts';
import { BackgroundWork } from '../jobs/background-work.ts';
import { jobsFeature } from '../jobs/jobs.feature.ts';
import { paymentsFeature } from '../payments/payments.feature.ts';
import { subjectsFeature } from '../subjects/subjects.feature.ts';
import { sandboxFeature } from '../sandbox/sandbox.feature.ts';
import { webhooksFeature } from '../webhooks/webhooks.feature.ts';

/** All features of the gateway. One that needs another's service gets it here, as an argument. */
export async function openFeatures(core: Core): Promise<readonly Feature[]> {
  const { attributes: attributesAt } = core.config;
  const attributes = attributesAt && core.connect({ role: 'attributes', id: attributesAt.id }, attributesAt.host, attributesAt.port);
  const background = new BackgroundWork(core.config, core.log);
  const webhooks = webhooksFeature(core, background);
  const payments = paymentsFeature(core, background);
  const authentications = authenticationsFeature(core, payments.service, background.wake);
  const vendors = vendorsFeature(core);
  return [
    auditFeature(core),
    credentialsFeature(core, vendors.service),
    vendors,
    authentications,
    registrationsFeature(core),
    subjectsFeature(core),
    await terminalsFeature(core, authentications.service),
    networkFeature(core),
    ledgerFeature(core),
    webhooks,
    payments,
    sandboxFeature(core, webhooks),
    jobsFeature(core, background),
    ...(attributes ? [attributesFeature(core, attributes), consentsFeature(core, attributes, webhooks.wake), personCredentialsFeature(core, attributes)] : []),
    oidcFeature(core, authentications.service),
    upkeepFeature(core),
  ];
}
