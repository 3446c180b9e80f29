import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import { BoopError } from '@boop/shared';
import { type Witness } from '../witness/witness.ts';
import { type HttpReply } from './exchange.ts';
import { malformedRequest } from './parsing.ts';

export const WITNESS = Symbol('witness');

@Controller('witness')
export class WitnessController {
  readonly #witness: Witness | null;

  constructor(@Inject(WITNESS) witness: Witness | null) {
    this.#witness = witness;
  }

  /** C2SP tlog-witness; its statuses and bodies, not problem documents. */
  @Post('add-checkpoint')
  async addCheckpoint(@Body() body: unknown, @Res() reply: HttpReply): Promise<void> {
    if (!this.#witness) throw new BoopError('request.not-found', 'this ledger is no witness');
    if (typeof body !== 'string') throw malformedRequest();
    const answer = await this.#witness.addCheckpoint(body);
    reply.status(answer.status).header('content-type', answer.type).header('cache-control', 'no-store').send(answer.body);
  }
}
