import { publicJwk } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { Controller, Get, Inject } from '@nestjs/common';
import { Public } from '../access/index.ts';
import { NetworkService } from '../services/network-service.ts';
import { CREDENTIAL_ISSUER } from './tokens.ts';

/** JWT VC Issuer Metadata (draft-ietf-oauth-sd-jwt-vc section 5): where verifiers find the nodes' group key. */
@Controller('.well-known/jwt-vc-issuer')
export class IssuerMetadataController {
  readonly #network: NetworkService;
  readonly #issuer: string;

  constructor(@Inject(NetworkService) network: NetworkService, @Inject(CREDENTIAL_ISSUER) issuer: string) {
    this.#network = network;
    this.#issuer = issuer;
  }

  @Get()
  @Public()
  metadata(): unknown {
    const key = this.#network.info().groupKeys.find(({ name }) => name === 'credential');
    if (!key) throw new BoopError('mpc.nodes-unavailable', 'the nodes have no key for credentials yet', { kind: 'unavailable' });
    return { issuer: this.#issuer, jwks: { keys: [publicJwk(key.publicKey)] } };
  }
}
