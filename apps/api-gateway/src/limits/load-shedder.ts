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

/** Bounds how many requests of each class are worked on: what is above is refused at once, before its body is read. */
export function shedLoad(server: FastifyInstance, limits: ConcurrencyLimits, registry: Registry): void {
  const active: Record<LoadClass, number> = { probes: 0, money: 0, writes: 0, reads: 0 };
  const shed = new Counter({ name: 'boop_http_shed_total', help: 'Requests refused because too many of their class were being worked on', labelNames: ['class'], registers: [registry] });
  new Gauge({ name: 'boop_http_active', help: 'Requests being worked on by class', labelNames: ['class'], registers: [registry], collect() { for (const name of loadClasses) this.set({ class: name }, active[name]); } });
  let refused = 0;
  server.addHook('onRequest', (request, reply, done) => {
    const name = loadClassOf(request);
    if (name === undefined) return done();
    if (active[name] >= limits[name]) {
      shed.inc({ class: name });
      return done(new Overloaded(refused++));
    }
    active[name]++;
    // Comes once, whether the answer was sent or the client has gone.
    reply.raw.once('close', () => active[name]--);
    done();
  });
}
