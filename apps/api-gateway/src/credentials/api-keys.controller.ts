import { idField } from '@boop/identity';
import { createApiKeySchema, createSandboxKeySchema, rotateApiKeySchema } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { type AuthenticatedRequest, callerOf, Limited, Public, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { pageQuery, pageSizeOf, partsOf } from '../http/page.ts';
import { ApiKeyService } from './api-key-service.ts';

/** No answer that holds a key is kept, so `Idempotency-Key` is not honoured: a repetition makes another key. */
@Controller('v1')
export class ApiKeysController {
  readonly #service: ApiKeyService;

  constructor(@Inject(ApiKeyService) service: ApiKeyService) {
    this.#service = service;
  }

  @Post('api-keys')
  @Roles('vendor', 'admin')
  create(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    return this.#service.create(callerOf(request), parseRequest(createApiKeySchema, body));
  }

  @Get('api-keys')
  @Roles('vendor', 'admin', 'auditor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = parseRequest(pageQuery, query);
    const { rows, next } = await this.#service.list(callerOf(request), partsOf(cursor, 1)?.[0], pageSizeOf(limit));
    return { keys: rows, ...(next === undefined ? {} : { next }) };
  }

  @Get('api-keys/:id')
  @Roles('vendor', 'admin', 'auditor')
  get(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return this.#service.get(callerOf(request), checkedId(id));
  }

  @Delete('api-keys/:id')
  @HttpCode(204)
  @Limited('deletions')
  @Roles('vendor', 'admin')
  revoke(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<void> {
    return this.#service.revoke(callerOf(request), checkedId(id));
  }

  @Post('api-keys/:id/rotation')
  @Roles('vendor', 'admin')
  rotate(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown): Promise<unknown> {
    return this.#service.rotate(callerOf(request), checkedId(id), parseRequest(rotateApiKeySchema, body ?? {}).overlapSeconds);
  }

  @Post('sandbox/keys')
  @Public()
  signUp(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    return this.#service.signUp(parseRequest(createSandboxKeySchema, body).name, request.ip);
  }
}

function checkedId(id: string): string {
  if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such key');
  return id;
}
