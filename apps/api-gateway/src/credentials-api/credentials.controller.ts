import { parseOwnerAuthorization } from '@boop/identity';
import { changeCredentialStatusSchema, createCredentialSchema } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type AuthenticatedRequest, Public, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { type CredentialsClient } from './credentials-client.ts';
import { CREDENTIAL_ISSUER, CREDENTIALS } from './tokens.ts';

/** SD-JWT VCs of a person over the attributes that the nodes know, and the list that says which still hold. */
@Controller('v1/credentials')
export class CredentialsController {
  readonly #credentials: CredentialsClient;
  readonly #issuer: string;

  constructor(@Inject(CREDENTIALS) credentials: CredentialsClient, @Inject(CREDENTIAL_ISSUER) issuer: string) {
    this.#credentials = credentials;
    this.#issuer = issuer;
  }

  /** Answers with the issuer-signed JWT; the device adds the disclosures, which never leave it otherwise. */
  @Post()
  @Public()
  async issue(@Body() body: unknown): Promise<unknown> {
    return await this.#credentials.ask('credentials.issue', { ...parseRequest(createCredentialSchema, body), issuer: this.#issuer });
  }

  @Get()
  @Roles('person')
  async list(@Req() request: AuthenticatedRequest): Promise<unknown> {
    return await this.#credentials.ask('credentials.list', { call: parseOwnerAuthorization(request.headers.authorization ?? '') });
  }

  @Post(':index/status')
  @HttpCode(200)
  @Public()
  async changeStatus(@Param('index') index: string, @Body() body: unknown): Promise<unknown> {
    const parsed = parseRequest(changeCredentialStatusSchema, body);
    if (String(parsed.change.record.index) !== index) throw new BoopError('request.not-found', 'there is no such credential');
    return await this.#credentials.ask('credentials.status', parsed);
  }

  /** Status List Token (draft-ietf-oauth-status-list), signed by the nodes. */
  @Get('status/1')
  @Public()
  @Header('content-type', 'application/statuslist+jwt')
  @Header('cache-control', 'public, max-age=30')
  async statusList(): Promise<string> {
    return (await this.#credentials.ask('credentials.status-list', { issuer: this.#issuer })).token;
  }
}
