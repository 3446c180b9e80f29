import { idField } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { Controller, Delete, HttpCode, Inject, Param, Req } from '@nestjs/common';
import { z } from 'zod';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { type ApiDescription, keyed } from '../http/openapi/route.ts';
import { type DirectoryStore } from '../services/ports.ts';
import { type AttemptStore } from './attempt-store.ts';

export const ATTEMPTS = Symbol('attempts');
export const TERMINAL_OWNERS = Symbol('terminal owners');
const terminalId = z.string().pipe(idField);

@Controller('v1/terminals')
export class AttemptsController {
  readonly #attempts: AttemptStore;
  readonly #directory: Pick<DirectoryStore, 'terminal'>;

  constructor(@Inject(ATTEMPTS) attempts: AttemptStore, @Inject(TERMINAL_OWNERS) directory: Pick<DirectoryStore, 'terminal'>) {
    this.#attempts = attempts;
    this.#directory = directory;
  }

  /** For a vendor that has looked at its terminal, or has authenticated the person another way. */
  @Delete(':id/attempts')
  @HttpCode(204)
  @Roles('vendor')
  async reset(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<void> {
    const terminal = terminalId.safeParse(id).success ? await this.#directory.terminal(id) : undefined;
    if (terminal?.vendorId !== callerOf(request).id) throw new BoopError('request.not-found', 'there is no such terminal');
    await this.#attempts.reset(id);
  }
}

export const attemptsApi: ApiDescription = {
  schemas: {},
  routes: [{ method: 'delete', path: '/v1/terminals/{id}/attempts', summary: 'Forget the failed attempts of a terminal', roles: ['vendor'], answers: { 204: undefined }, codes: [...keyed, 'request.not-found'] }],
};
