import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Logger, type Readiness } from '@boop/platform';
import { type Clock } from '@boop/shared';
import { type FastifyInstance } from 'fastify';
import { AccessGuard } from '../access/access-guard.ts';
import { type Feature } from '../features/feature.ts';
import { type IdempotencyStore } from '../services/ports.ts';
import { RateLimits } from '../services/rate-limit.ts';
import { type GatewayMetrics } from '../services/stage-metrics.ts';
import { HealthController } from './health.controller.ts';
import { healthApi } from './health.api.ts';
import { Idempotency } from './idempotency.ts';
import { openApiDocument } from './openapi/document.ts';
import { assertDescribed } from './openapi/described.ts';
import { ProblemFilter } from './problem-filter.ts';
import { AUTHENTICATORS, CLOCK, IDEMPOTENCY, OPENAPI_DOCUMENT, READINESS, REQUESTS_PER_MINUTE } from './tokens.ts';

export const bodyBytesMax = 2 * 1024 * 1024;
const requestIdForm = /^[A-Za-z0-9._-]{1,64}$/;

export interface HttpDependencies {
  readonly features: readonly Feature[];
  /** Where the document says that the API is. */
  readonly url: string;
  readonly idempotency: IdempotencyStore;
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
    const { features } = use;
    const controllers = [HealthController, ...features.flatMap((feature) => feature.controllers ?? [])];
    const apis = [healthApi, ...features.flatMap(({ api }) => api ?? [])];
    assertDescribed(controllers, apis);
    return {
      module: HttpModule,
      controllers,
      providers: [
        Idempotency,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: AUTHENTICATORS, useValue: features.flatMap((feature) => feature.authenticators ?? []) },
        { provide: OPENAPI_DOCUMENT, useValue: openApiDocument(use.url, apis) },
        { provide: RateLimits, useValue: use.limits },
        { provide: REQUESTS_PER_MINUTE, useValue: use.requestsPerMinute },
        { provide: IDEMPOTENCY, useValue: use.idempotency },
        { provide: READINESS, useValue: use.readiness },
        { provide: CLOCK, useValue: use.clock },
        ...features.flatMap((feature) => feature.providers ?? []),
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
  for (const feature of use.features) await feature.mount?.(adapter.getInstance() as unknown as FastifyInstance);
  const app = await NestFactory.create(HttpModule.with(use), adapter, { logger: false, abortOnError: false, rawBody: true });
  app.useGlobalFilters(new ProblemFilter(use.log));
  app.enableCors({
    origin: [...use.origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match', 'boop-version', 'dpop', 'x-request-id'],
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
