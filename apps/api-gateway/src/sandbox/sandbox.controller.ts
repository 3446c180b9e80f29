import { idField } from '@boop/identity';
import { sandboxPresentationSchema, sandboxRegistrationRequestSchema } from '@boop/protocol';
import { BoopError, type Clock } from '@boop/shared';
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type AuthenticatedRequest, callerOf, Public, Roles } from '../access/index.ts';
import { viewOf } from '../domain/authentication-view.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { CLOCK } from '../http/tokens.ts';
import { SandboxKey } from './sandbox-key.ts';
import { SandboxService } from './sandbox-service.ts';

/** Issuer of the sandbox's tokens and base of its public documents. */
export const SANDBOX_ISSUER = Symbol('sandbox issuer');

@Controller('v1/sandbox')
export class SandboxController {
  readonly #sandbox: SandboxService;
  readonly #idempotency: Idempotency;
  readonly #clock: Clock;

  constructor(@Inject(SandboxService) sandbox: SandboxService, @Inject(Idempotency) idempotency: Idempotency, @Inject(CLOCK) clock: Clock) {
    this.#sandbox = sandbox;
    this.#idempotency = idempotency;
    this.#clock = clock;
  }

  /** Stands for a palm on a scanner; answers as the vendor would read the context afterwards. */
  @Post('authentications/:id/presentations')
  @HttpCode(200)
  @Roles('vendor')
  async present(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown): Promise<unknown> {
    if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such context');
    const presentation = parseRequest(sandboxPresentationSchema, body);
    return await this.#once(request, body, async () => viewOf(await this.#sandbox.present(callerOf(request).id, id, presentation), this.#clock.nowMs()));
  }

  @Post('registrations')
  @HttpCode(200)
  @Roles('vendor')
  async register(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const wanted = parseRequest(sandboxRegistrationRequestSchema, body);
    return await this.#once(request, body, () => this.#sandbox.register(callerOf(request).id, wanted));
  }

  async #once(request: AuthenticatedRequest, body: unknown, work: () => Promise<unknown>): Promise<unknown> {
    const path = `${request.method} ${request.url.split('?')[0]!}`;
    return (await this.#idempotency.once(callerOf(request), request.headers['idempotency-key'], { path, body }, async () => ({ statusCode: 200, body: await work() }))).body;
  }
}

/** Under the sandbox's own issuer, so that no verifier of real tokens ever meets its key. */
@Controller('sandbox/.well-known')
export class SandboxIssuerController {
  readonly #key: SandboxKey;
  readonly #issuer: string;

  constructor(@Inject(SandboxKey) key: SandboxKey, @Inject(SANDBOX_ISSUER) issuer: string) {
    this.#key = key;
    this.#issuer = issuer;
  }

  @Get('jwks.json')
  @Header('cache-control', 'public, max-age=300')
  @Public()
  jwks(): unknown {
    return this.#key.jwks();
  }

  @Get('openid-configuration')
  @Header('cache-control', 'public, max-age=300')
  @Public()
  configuration(): unknown {
    return { issuer: this.#issuer, jwks_uri: `${this.#issuer}/.well-known/jwks.json`, response_types_supported: ['id_token'], subject_types_supported: ['pairwise'], id_token_signing_alg_values_supported: ['EdDSA'] };
  }
}
