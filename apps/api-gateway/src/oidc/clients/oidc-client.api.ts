import { type ApiDescription, keyed } from '../../http/openapi/route.ts';
import { clientMetadataSchema } from './client-metadata.ts';

export const oidcClientApi: ApiDescription = {
  schemas: { OidcClient: clientMetadataSchema },
  routes: [
    { method: 'get', path: '/v1/oidc-client', summary: 'Read your registration as relying party', roles: ['vendor'], answers: { 200: 'OidcClient', 304: undefined }, codes: keyed },
    {
      method: 'put',
      path: '/v1/oidc-client',
      summary: 'Replace your registration as relying party',
      roles: ['vendor'],
      body: 'OidcClient',
      answers: { 200: 'OidcClient', 304: undefined },
      codes: [...keyed, 'request.malformed', 'request.precondition-failed'],
      examples: { web: { redirect_uris: ['https://shop.example/callback'], backchannel_logout_uri: 'https://shop.example/logout' } },
    },
  ],
};
