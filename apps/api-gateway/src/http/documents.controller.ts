import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import { type Readiness } from '@boop/platform';
import { type FastifyReply } from 'fastify';
import { Public } from '../access/index.ts';
import { openApiPage, pagePolicy } from './openapi/page.ts';
import { OPENAPI_DOCUMENT, READINESS } from './tokens.ts';

@Controller()
export class DocumentsController {
  readonly #ready: () => Promise<Readiness>;
  readonly #document: object;
  readonly #page: string;
  constructor(@Inject(READINESS) ready: () => Promise<Readiness>, @Inject(OPENAPI_DOCUMENT) document: object) {
    this.#ready = ready;
    this.#document = document;
    this.#page = openApiPage(document);
  }

  @Get('docs')
  @Public()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', pagePolicy)
  @Header('cache-control', 'public, max-age=60')
  docs(): string {
    return this.#page;
  }

  @Get('openapi.json')
  @Public()
  @Header('cache-control', 'public, max-age=60')
  openApi(): object {
    return this.#document;
  }

  /** The process can serve: its database answers and the group keys are known. Nodes that are down show in the checks only. */
  @Get('readyz')
  @Public()
  async readiness(@Res() reply: FastifyReply): Promise<void> {
    const { ready, checks } = await this.#ready();
    void reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not-ready', checks });
  }
}
