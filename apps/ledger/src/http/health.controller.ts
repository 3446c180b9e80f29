import { type Readiness } from '@boop/platform';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { type HttpReply } from './exchange.ts';

export const READINESS = Symbol('readiness');
export type ReadinessCheck = () => Promise<Readiness>;

@Controller()
export class HealthController {
  readonly #check: ReadinessCheck;

  constructor(@Inject(READINESS) check: ReadinessCheck) {
    this.#check = check;
  }

  @Get('healthz')
  health(@Res() reply: HttpReply): void {
    reply.header('cache-control', 'no-store').send({ status: 'ok' });
  }

  @Get('readyz')
  async readiness(@Res() reply: HttpReply): Promise<void> {
    const { ready, checks } = await this.#check().catch((): Readiness => ({ ready: false }));
    reply
      .status(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'not-ready', checks });
  }
}
