import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { BoopError } from '@boop/shared';
import { type Observable } from 'rxjs';
import { type AuthenticatedRequest } from '../access/index.ts';
import { type DirectoryStore } from '../services/ports.ts';

/** What belongs to a vendor alone, or to the sandbox. Money, attributes and logins are of the real network. */
const open = /^\/v1\/(authentications|webhooks|sandbox|api-keys|vendors|network|jobs)(\/|\?|$)/;

/** Keeps vendors of the sandbox to the sandbox, whatever is added elsewhere. */
export class SandboxInterceptor implements NestInterceptor {
  readonly #directory: Pick<DirectoryStore, 'vendor'>;
  constructor(directory: Pick<DirectoryStore, 'vendor'>) {
    this.#directory = directory;
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const { principal, url } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (principal?.role === 'vendor' && !open.test(url) && (await this.#directory.vendor(principal.id))?.sandbox === true) throw new BoopError('request.forbidden', 'keys of the sandbox are for the sandbox');
    return next.handle();
  }
}
