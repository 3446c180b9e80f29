import { Controller, Get, Inject, Res } from '@nestjs/common';
import { type Readiness } from '@boop/platform';
import { type FastifyReply } from 'fastify';
import { Public } from './access.ts';
import { READINESS } from './tokens.ts';

@Controller()
export class HealthController {
  readonly #ready: () => Promise<Readiness>;
  constructor(@Inject(READINESS) ready: () => Promise<Readiness>) {
    this.#ready = ready;
  }

  /** The process runs. */
  @Get('healthz')
  @Public()
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** The process can serve: its database answers and the group keys are known. Nodes that are down show in the checks only. */
  @Get('readyz')
  @Public()
  async readiness(@Res() reply: FastifyReply): Promise<void> {
    const { ready, checks } = await this.#ready();
    void reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not-ready', checks });
  }
}
