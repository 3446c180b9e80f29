import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Logger, type Readiness } from '@boop/platform';
import { type Clock } from '@boop/shared';
import { AuthenticationService } from '../services/authentication-service.ts';
import { AccountsController } from '../ledger/accounts.controller.ts';
import { type AccountsClient } from '../ledger/accounts-client.ts';
import { SettlementsController } from '../ledger/settlements.controller.ts';
import { StatementsController } from '../ledger/statements.controller.ts';
import { TransfersController } from '../ledger/transfers.controller.ts';
import { LogService } from '../services/log-service.ts';
import { NetworkService } from '../services/network-service.ts';
import { type DirectoryStore, type IdempotencyStore } from '../services/ports.ts';
import { RateLimits } from '../services/rate-limit.ts';
import { type GatewayMetrics } from '../services/stage-metrics.ts';
import { AccessGuard } from './access.ts';
import { AuthenticationsController } from './authentications.controller.ts';
import { HealthController } from './health.controller.ts';
import { Idempotency } from './idempotency.ts';
import { NetworkController } from './network.controller.ts';
import { ProblemFilter } from './problem-filter.ts';
import { ACCOUNTS, CLOCK, DIRECTORY, IDEMPOTENCY, READINESS, REQUESTS_PER_MINUTE } from './tokens.ts';

export const bodyBytesMax = 2 * 1024 * 1024;
const requestIdForm = /^[A-Za-z0-9._-]{1,64}$/;

export interface HttpDependencies {
  readonly authentications: AuthenticationService;
  readonly network: NetworkService;
  readonly directory: DirectoryStore;
  readonly idempotency: IdempotencyStore;
  readonly logService: LogService;
  readonly accounts: AccountsClient;
  readonly limits: RateLimits;
  readonly requestsPerMinute: number;
  readonly metrics: GatewayMetrics;
  readonly readiness: () => Promise<Readiness>;
  /** Web pages of these origins may call the API (CORS). */
  readonly origins: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

@Module({})
class HttpModule {
  static with(use: HttpDependencies): DynamicModule {
    return {
      module: HttpModule,
      controllers: [AuthenticationsController, NetworkController, HealthController, AccountsController, TransfersController, StatementsController, SettlementsController],
      providers: [
        Idempotency,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: AuthenticationService, useValue: use.authentications },
        { provide: NetworkService, useValue: use.network },
        { provide: RateLimits, useValue: use.limits },
        { provide: REQUESTS_PER_MINUTE, useValue: use.requestsPerMinute },
        { provide: DIRECTORY, useValue: use.directory },
        { provide: IDEMPOTENCY, useValue: use.idempotency },
        { provide: LogService, useValue: use.logService },
        { provide: ACCOUNTS, useValue: use.accounts },
        { provide: READINESS, useValue: use.readiness },
        { provide: CLOCK, useValue: use.clock },
      ],
    };
  }
}

/** The gateway's public HTTP server, not listening yet. */
export async function createHttpServer(use: HttpDependencies): Promise<INestApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: bodyBytesMax,
    requestTimeout: 20_000,
    connectionTimeout: 30_000,
    genReqId: ({ headers }: { headers: Record<string, unknown> }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && requestIdForm.test(given) ? given : randomUUID();
    },
  });
  addHooks(adapter, use.metrics);
  const app = await NestFactory.create(HttpModule.with(use), adapter, { logger: false, abortOnError: false });
  app.useGlobalFilters(new ProblemFilter(use.log));
  app.enableCors({
    origin: [...use.origins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-none-match', 'x-request-id'],
    exposedHeaders: ['etag', 'location', 'retry-after', 'x-request-id'],
    maxAge: 600,
  });
  await app.init();
  await adapter.getInstance().ready();
  return app;
}

const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function addHooks(adapter: FastifyAdapter, metrics: GatewayMetrics): void {
  const server = adapter.getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers({ ...securityHeaders, 'x-request-id': request.id, 'cache-control': 'no-store' });
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    metrics.observeHttp(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}
