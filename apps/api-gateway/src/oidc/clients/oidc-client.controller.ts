import { Body, Controller, Get, Inject, Put, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, callerOf, Roles } from '../../access/index.ts';
import { parseRequest } from '../../domain/invalid-request.ts';
import { matches, sendTagged } from '../../http/preconditions.ts';
import { clientMetadataSchema } from './client-metadata.ts';
import { ClientStore } from './client-store.ts';

/** A vendor's registration as relying party: read and replaced as a whole. */
@Controller('v1/oidc-client')
export class OidcClientController {
  readonly #clients: ClientStore;

  constructor(@Inject(ClientStore) clients: ClientStore) {
    this.#clients = clients;
  }

  @Get()
  @Roles('vendor')
  async get(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    sendTagged(request, reply, await this.#clients.get(callerOf(request).id));
  }

  @Put()
  @Roles('vendor')
  async put(@Req() request: AuthenticatedRequest, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const metadata = parseRequest(clientMetadataSchema, body);
    await this.#clients.put(callerOf(request).id, metadata, (current) => matches(request, current));
    sendTagged(request, reply, metadata);
  }
}
