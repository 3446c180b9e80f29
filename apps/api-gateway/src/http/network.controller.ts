import { Controller, Get, Header, Inject, Param, Query } from '@nestjs/common';
import { bytesField } from '@boop/identity';
import { type LogProof, type ManifestLink, type NetworkAttestations, type NetworkEpochs, type NetworkInfo, type NetworkKeys, type NodeStatus } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { manifestsQuery } from '../features/network.api.ts';
import { LogService } from '../services/log-service.ts';
import { NetworkService } from '../services/network-service.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Public } from '../access/index.ts';

const hashField = bytesField(32);

/** What everybody may read. */
@Controller()
export class NetworkController {
  readonly #network: NetworkService;
  readonly #log: LogService;

  constructor(@Inject(NetworkService) network: NetworkService, @Inject(LogService) log: LogService) {
    this.#network = network;
    this.#log = log;
  }

  @Get('v1/network')
  @Public()
  network(): NetworkInfo {
    return this.#network.info();
  }

  @Get('v1/network/manifests')
  @Public()
  manifests(@Query() query: unknown): { links: ManifestLink[] } {
    return { links: this.#network.manifests(parseRequest(manifestsQuery, query).from) };
  }

  @Get('v1/network/keys')
  @Public()
  keys(): NetworkKeys {
    return this.#network.keys();
  }

  @Get('v1/network/epochs')
  @Public()
  epochs(): NetworkEpochs {
    return this.#network.epochs();
  }

  @Get('v1/network/attestations')
  @Public()
  attestations(): NetworkAttestations {
    return this.#network.attestations();
  }

  @Get('v1/network/nodes')
  @Public()
  nodes(): { nodes: NodeStatus[] } {
    return { nodes: this.#network.nodes() };
  }

  @Get('v1/ledger/proofs/:entryHash')
  @Public()
  async proof(@Param('entryHash') entryHash: string): Promise<{ proof: LogProof }> {
    if (!hashField.safeParse(entryHash).success) throw new BoopError('request.not-found', 'there is no such entry');
    return { proof: await this.#log.proof(entryHash) };
  }

  /** RFC 7517; cacheable, since a key is published before it signs. */
  @Get('.well-known/jwks.json')
  @Public()
  @Header('cache-control', 'public, max-age=60')
  jwks(): unknown {
    return this.#network.jwks();
  }
}
