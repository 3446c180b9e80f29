import { attributeDefinitionSchema, attributeIssuerSchema, attributeNameSchema } from '@boop/identity';
import { createAttributeSchema, recordRequestBodySchema } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { type AuthenticatedRequest, callerOf, Public, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { type AttributeLog } from './attribute-log.ts';
import { releasesQuery } from './attribute-queries.ts';
import { type AttributesClient } from './attributes-client.ts';
import { ATTRIBUTE_LOG, ATTRIBUTES } from './tokens.ts';

/** A person's attributes. Requests carry the person's own signature, which every node checks; the gateway passes on what it can't read. */
@Controller('v1/attributes')
export class AttributesController {
  readonly #attributes: AttributesClient;
  readonly #log: AttributeLog;

  constructor(@Inject(ATTRIBUTES) attributes: AttributesClient, @Inject(ATTRIBUTE_LOG) log: AttributeLog) {
    this.#attributes = attributes;
    this.#log = log;
  }

  @Get('registry')
  @Public()
  async registry(): Promise<unknown> {
    return await this.#attributes.ask('registry.get', {});
  }

  @Post('definitions')
  @Roles('admin')
  async define(@Body() body: unknown): Promise<unknown> {
    const definition = parseRequest(attributeDefinitionSchema, body);
    await this.#attributes.ask('registry.define', definition);
    return definition;
  }

  @Post('issuers')
  @Roles('admin')
  async accredit(@Body() body: unknown): Promise<unknown> {
    const issuer = parseRequest(attributeIssuerSchema, body);
    await this.#attributes.ask('registry.accredit', issuer);
    return issuer;
  }

  /** The group key under which partial results are verified. */
  @Get('key')
  @Public()
  async key(): Promise<unknown> {
    const { key } = await this.#attributes.ask('attributes.key', {});
    return { key: toBase64Url(key) };
  }

  @Get()
  @Roles('person')
  async list(@Req() request: AuthenticatedRequest): Promise<unknown> {
    return await this.#attributes.ask('record.list', { accountKey: callerOf(request).id });
  }

  @Get('releases')
  @Roles('person')
  async releases(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { before, limit } = parseRequest(releasesQuery, query);
    return await this.#attributes.ask('release.log', { accountKey: callerOf(request).id, limit, ...(before !== undefined && { before }) });
  }

  @Get(':name/next-version')
  @Roles('person')
  async nextVersion(@Req() request: AuthenticatedRequest, @Param('name') name: string): Promise<unknown> {
    const attribute = attributeNameSchema.safeParse(name);
    if (!attribute.success) throw new BoopError('request.not-found', 'there is no such attribute');
    return await this.#attributes.ask('record.next', { accountKey: callerOf(request).id, attribute: attribute.data });
  }

  /** Stores a sealed value; answers when so many nodes have its document that no older one is released any more. */
  @Post()
  @Public()
  async write(@Body() body: unknown): Promise<unknown> {
    const { attribute, ciphertext } = parseRequest(createAttributeSchema, body);
    const { commitment, opening } = await this.#attributes.ask('record.put', { attribute, ciphertext });
    const { record } = attribute;
    return { recordId: record.recordId, version: record.version, logEntry: await this.#log.written(commitment, record.issuer ? 'verified' : 'set'), opening };
  }

  @Post('keys')
  @HttpCode(200)
  @Public()
  async writeKey(@Body() body: unknown): Promise<unknown> {
    return await this.#attributes.ask('record.key', parseRequest(recordRequestBodySchema, body));
  }

  @Post('reads')
  @HttpCode(200)
  @Public()
  async read(@Body() body: unknown): Promise<unknown> {
    return await this.#attributes.ask('record.read', parseRequest(recordRequestBodySchema, body));
  }

  /** For the vendor of a consent: opens with the key that the consent names. */
  @Post('releases')
  @HttpCode(200)
  @Public()
  async release(@Body() body: unknown): Promise<unknown> {
    return await this.#attributes.ask('record.release', parseRequest(recordRequestBodySchema, body));
  }
}
