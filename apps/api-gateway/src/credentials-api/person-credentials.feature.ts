import { type Core } from '../features/core.ts';
import { type Feature } from '../features/feature.ts';
import { type NodeLink } from '../nodes/node-link.ts';
import { credentialsApi } from './credentials.api.ts';
import { credentialsClient } from './credentials-client.ts';
import { CredentialsController } from './credentials.controller.ts';
import { IssuerMetadataController } from './issuer-metadata.controller.ts';
import { CREDENTIAL_ISSUER, CREDENTIALS } from './tokens.ts';

/** Verifiable credentials of people. */
export const personCredentialsFeature = ({ config }: Core, attributes: NodeLink): Feature => ({
  name: 'person credentials',
  controllers: [CredentialsController, IssuerMetadataController],
  providers: [
    { provide: CREDENTIALS, useValue: credentialsClient(attributes) },
    { provide: CREDENTIAL_ISSUER, useValue: config.issuer },
  ],
  api: credentialsApi,
});
