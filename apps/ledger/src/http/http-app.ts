import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { type Logger } from '@boop/platform';
import { BoopError, toBase64Url } from '@boop/shared';
import { type NetworkManifest } from '@boop/protocol';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { LogKey } from '../checkpoints/log-key.ts';
import { MapProofs } from '../map/map-proofs.ts';
import { type MapStore } from '../map/map-store.ts';
import { MutationIntake } from '../map/mutation-intake.ts';
import { Proofs } from '../serving/proofs.ts';
import { PublishedTiles } from '../serving/published-tiles.ts';
import { nodeCosigners } from '../witness/cosigners.ts';
import { type Witness } from '../witness/witness.ts';
import { Announcements } from '../streams/announcements.ts';
import { StreamSockets } from '../streams/stream-sockets.ts';
import { StreamSource } from '../streams/stream-source.ts';
import { ConfigurationController, PUBLIC_CONFIGURATION } from './configuration.controller.ts';
import { HealthController, READINESS, type ReadinessCheck } from './health.controller.ts';
import { MAP_STORE, MapController } from './map.controller.ts';
import { MutationsController } from './mutations.controller.ts';
import { ProblemFilter } from './problem.filter.ts';
import { ProofsController } from './proofs.controller.ts';
import { HTTP_LIMITS, type HttpLimits } from './rate-limit.ts';
import { StreamsController } from './streams.controller.ts';
import { TilesController } from './tiles.controller.ts';
import { WITNESS, WitnessController } from './witness.controller.ts';

export interface HttpServices {
  readonly tiles: PublishedTiles;
  readonly proofs: Proofs;
  readonly key: LogKey;
  readonly manifest: NetworkManifest;
  readonly vrfKey: Uint8Array;
  /** Verifier keys of the witnesses that cosign this log. */
  readonly witnesses: readonly string[];
  readonly witness?: Witness | undefined;
  readonly streams: StreamSource;
  readonly announcements: Announcements;
  readonly mapProofs: MapProofs;
  readonly mapStore: MapStore;
  readonly intake: MutationIntake;
  readonly readiness: ReadinessCheck;
  readonly limits: HttpLimits;
  readonly log: Logger;
}

const BODY_BYTES_MAX = 65_535;
const REQUEST_TIMEOUT_MS = 10_000;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

@Module({})
class LedgerModule {
  static of({ tiles, proofs, key, manifest, vrfKey, witnesses, witness, streams, announcements, mapProofs, mapStore, intake, readiness, limits }: HttpServices): DynamicModule {
    return {
      module: LedgerModule,
      controllers: [TilesController, ProofsController, MapController, MutationsController, ConfigurationController, StreamsController, WitnessController, HealthController],
      providers: [
        { provide: PublishedTiles, useValue: tiles },
        { provide: Proofs, useValue: proofs },
        { provide: LogKey, useValue: key },
        { provide: PUBLIC_CONFIGURATION, useValue: { origin: manifest.logOrigin, vrfKey: toBase64Url(vrfKey), cosigners: nodeCosignersAnd(witnesses, manifest), ...(witness ? { witness: witness.vkey } : {}) } },
        { provide: WITNESS, useValue: witness ?? null },
        { provide: StreamSource, useValue: streams },
        { provide: Announcements, useValue: announcements },
        { provide: MapProofs, useValue: mapProofs },
        { provide: MAP_STORE, useValue: mapStore },
        { provide: MutationIntake, useValue: intake },
        { provide: READINESS, useValue: readiness },
        { provide: HTTP_LIMITS, useValue: limits },
      ],
    };
  }
}

/** Those of the manifest in force whenever they are read. */
const nodeCosignersAnd = (witnesses: readonly string[], manifest: NetworkManifest) => ({
  get nodes() {
    return nodeCosigners(manifest);
  },
  witnesses,
});

/** The public side of the ledger, for everybody, browsers of any origin included. @throws BoopError `http.port-taken` */
export async function startHttp(services: HttpServices, { host, port: wantedPort, trustedProxies = [] }: { host: string; port: number; trustedProxies?: readonly string[] }): Promise<{ port: number; close(): Promise<void> }> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    genReqId: (request: { headers: Record<string, string | string[] | undefined> }) => {
      const given = String(request.headers['x-request-id'] ?? '');
      return REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
  adapter.getInstance().addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'access-control-allow-origin': '*' });
    // Browsers ask before they post JSON to another origin.
    if (request.method === 'OPTIONS') return await reply.headers({ 'access-control-allow-methods': 'GET, POST', 'access-control-allow-headers': 'content-type, x-request-id', 'access-control-max-age': '7200' }).code(204).send();
  });
  const app = await NestFactory.create<NestFastifyApplication>(LedgerModule.of(services), adapter, { logger: false, abortOnError: false });
  app.useGlobalFilters(new ProblemFilter(services.log));
  const sockets = new StreamSockets(services.streams, services.announcements, services.log);
  sockets.attach(app.getHttpServer());
  try {
    await app.listen(wantedPort, host);
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new BoopError('http.port-taken', `port ${wantedPort} of ${host} is taken`, { kind: 'fatal' });
  }
  const { port } = app.getHttpServer().address() as { port: number };
  const close = async (): Promise<void> => {
    await sockets.close();
    await app.close();
  };
  return { port, close };
}
