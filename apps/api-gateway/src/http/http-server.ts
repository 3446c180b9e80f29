import 'reflect-metadata';
import { type RequestListener } from 'node:http';
import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type Logger, type Readiness, type TrustedProxies } from '@boop/platform';
import { type Clock } from '@boop/shared';
import { type FastifyInstance } from 'fastify';
import { type Registry } from 'prom-client';
import { AccessGuard } from '../access/access-guard.ts';
import { type Feature } from '../features/feature.ts';
import { type IdempotencyStore } from '../services/ports.ts';
import { RateLimits } from '../services/rate-limit.ts';
import { type GatewayMetrics } from '../services/stage-metrics.ts';
import { capConnections, type ConnectionLimits } from '../limits/connections.ts';
import { type ConcurrencyLimits, shedLoad } from '../limits/load-shedder.ts';
import { answerClientError } from './client-errors.ts';
import { negotiateVersion } from './interface-version.ts';
import { boundedServer, type RequestTimeouts } from './bounded-server.ts';
import { DocumentsController } from './documents.controller.ts';
import { documentsApi, healthApi } from './documents.api.ts';
import { Idempotency } from './idempotency.ts';
import { openApiDocument } from './openapi/document.ts';
import { assertDescribed } from './openapi/described.ts';
import { answerRouterError, ProblemFilter } from './problem-filter.ts';
import { answersHealth } from './quick-health.ts';
import { refuseNul } from './refuse-nul.ts';
import { requestIdOf } from './request-id.ts';
import { securityHeaders } from './security-headers.ts';
import { traceRequests } from './trace-requests.ts';
import { AUTHENTICATORS, CLOCK, IDEMPOTENCY, OPENAPI_DOCUMENT, READINESS, REQUESTS_PER_MINUTE } from './tokens.ts';

export const bodyBytesMax = 2 * 1024 * 1024;

export interface HttpDependencies {
  readonly features: readonly Feature[];
  /** Where the document says that the API is. */
  readonly url: string;
  readonly idempotency: IdempotencyStore;
  readonly limits: RateLimits;
  readonly requestsPerMinute: number;
  readonly concurrency: ConcurrencyLimits;
  readonly connections: ConnectionLimits;
  /** They say whose requests they hand on. */
  readonly proxies: TrustedProxies;
  readonly timeouts: RequestTimeouts;
  /** Serves TLS 1.3 with this certificate; plain HTTP, for a proxy that does, when not given. */
  readonly tls: { certFile: string; keyFile: string } | undefined;
  readonly registry: Registry;
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
    const controllers = [DocumentsController, ...features.flatMap((feature) => feature.controllers ?? [])];
    const described = [documentsApi, ...features.flatMap(({ api }) => api ?? [])];
    assertDescribed(controllers, described);
    const apis = [healthApi, ...described];
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
    requestTimeout: use.timeouts.requestMs,
    trustProxy: (address) => use.proxies.has(address),
    clientErrorHandler: answerClientError,
    frameworkErrors: answerRouterError,
    // What a path parameter may be long, percent-encoded; documents promise 200 characters.
    routerOptions: { maxParamLength: 1_024 },
    genReqId: ({ headers }: { headers: Record<string, unknown> }) => requestIdOf(headers),
    serverFactory: (handler: RequestListener) =>
      boundedServer((request, response) => {
        if (!answersHealth(request, response)) handler(request, response);
      }, use.timeouts, use.tls, use.log),
  });
  const server = adapter.getInstance() as unknown as FastifyInstance;
  capConnections(server.server, use.connections, use.proxies);
  addHooks(server, use.metrics);
  traceRequests(server);
  shedLoad(server, use.concurrency, use.registry);
  negotiateVersion(server);
  refuseNul(server);
  for (const feature of use.features) await feature.mount?.(server);
  const app = await NestFactory.create(HttpModule.with(use), adapter, { logger: false, abortOnError: false, rawBody: true });
  app.useGlobalFilters(new ProblemFilter(use.log));
  app.enableCors({
    origin: [...use.origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-match', 'if-none-match', 'boop-version', 'dpop', 'x-request-id'],
    exposedHeaders: ['boop-version', 'etag', 'location', 'ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
    maxAge: 600,
  });
  await app.init();
  await server.ready();
  return app;
}

function addHooks(server: FastifyInstance, metrics: GatewayMetrics): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers({ ...securityHeaders, 'x-request-id': request.id, 'cache-control': 'no-store' });
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    metrics.observeHttp(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}
