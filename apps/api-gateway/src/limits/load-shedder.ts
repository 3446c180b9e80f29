import { BoopError } from '@boop/shared';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Gauge, Counter, type Registry } from 'prom-client';

/** Classes of requests that don't crowd each other out. */
export const loadClasses = ['probes', 'money', 'writes', 'reads'] as const;
export type LoadClass = (typeof loadClasses)[number];
export type ConcurrencyLimits = Readonly<Record<LoadClass, number>>;

/** Requests of a class that are worked on at once; more would only wait for each other. */
export const concurrencyDefaults: ConcurrencyLimits = { probes: 48, money: 96, writes: 192, reads: 384 };

const retryAfterSecondsMax = 3;

/** `service.overloaded`, with a wait that differs from client to client so that they don't all come back at once. */
export class Overloaded extends BoopError {
  readonly retryAfterSeconds: number;
  constructor(spread: number) {
    super('service.overloaded', 'too many requests are being worked on', { kind: 'unavailable', retryAllowed: true });
    this.retryAfterSeconds = 1 + (spread % retryAfterSecondsMax);
  }
}

/** The class of a request to the API, undefined for what is never shed: health, documents, pages. */
export function loadClassOf({ method, routeOptions }: Pick<FastifyRequest, 'method' | 'routeOptions'>): LoadClass | undefined {
  const route = routeOptions.url;
  if (!route?.startsWith('/v1/')) return undefined;
  if (route.startsWith('/v1/ledger/')) return 'money';
  if (method === 'GET' || method === 'HEAD') return 'reads';
  return route.endsWith('/probe') ? 'probes' : 'writes';
}

/**
 * Bounds how many requests of each class are worked on: what is above is refused at once, before its body is read. A request is worked on once its
 * body is here; of those whose bodies are on their way the oldest goes when there are more than all classes have room for, so that clients who never
 * send theirs keep nobody out.
 */
export function shedLoad(server: FastifyInstance, limits: ConcurrencyLimits, registry: Registry): void {
  const active: Record<LoadClass, number> = { probes: 0, money: 0, writes: 0, reads: 0 };
  const shed = new Counter({ name: 'boop_http_shed_total', help: 'Requests refused because too many of their class were being worked on', labelNames: ['class'], registers: [registry] });
  new Gauge({ name: 'boop_http_active', help: 'Requests being worked on by class', labelNames: ['class'], registers: [registry], collect() { for (const name of loadClasses) this.set({ class: name }, active[name]); } });
  const receivingMax = loadClasses.reduce((sum, name) => sum + limits[name], 0);
  const receiving = new Set<FastifyRequest>();
  const inWork = new WeakSet<FastifyRequest>();
  let refused = 0;
  const overloaded = (name: LoadClass): Overloaded | undefined => {
    if (active[name] < limits[name]) return undefined;
    shed.inc({ class: name });
    return new Overloaded(refused++);
  };
  server.addHook('onRequest', (request, reply, done) => {
    const name = loadClassOf(request);
    if (name === undefined) return done();
    const refusal = overloaded(name);
    if (refusal) return done(refusal);
    receiving.add(request);
    // Comes once, whether the answer was sent or the client has gone.
    reply.raw.once('close', () => {
      receiving.delete(request);
      if (inWork.has(request)) active[name]--;
    });
    if (receiving.size > receivingMax) {
      const [oldest] = receiving;
      receiving.delete(oldest!);
      oldest!.raw.destroy();
    }
    done();
  });
  // The first hook after the body.
  server.addHook('preValidation', (request, _reply, done) => {
    const name = loadClassOf(request);
    if (name === undefined || !receiving.delete(request)) return done();
    const refusal = overloaded(name);
    if (refusal) return done(refusal);
    inWork.add(request);
    active[name]++;
    done();
  });
}
