import { createPurposeTextSchema } from '@boop/protocol';
import { Body, Controller, Get, Inject, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Public, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { type ConsentsClient } from './consents-client.ts';
import { CONSENTS } from './tokens.ts';

/** What purposes mean, in words: public, by version, and never changed once published. */
@Controller('v1/consent-texts')
export class PurposeTextsController {
  readonly #consents: ConsentsClient;

  constructor(@Inject(CONSENTS) consents: ConsentsClient) {
    this.#consents = consents;
  }

  @Get()
  @Public()
  async list(): Promise<unknown> {
    return await this.#consents.ask('consents.texts', {});
  }

  @Post()
  @Roles('admin')
  async publish(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const text = parseRequest(createPurposeTextSchema, body);
    const { hash, created } = await this.#consents.ask('consents.publish-text', text);
    void reply.status(created ? 201 : 200);
    return { ...text, hash };
  }
}
