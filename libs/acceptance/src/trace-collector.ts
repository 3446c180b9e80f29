import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { until } from './network-harness.ts';

/** SpanKind of OTLP, one more than in the API. */
export const OTLP_KIND = { server: 2, client: 3 } as const;

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly OtlpAttribute[];
  readonly events: readonly unknown[];
  readonly links: readonly unknown[];
  readonly status: { readonly message?: string };
}
interface OtlpRequest {
  readonly resourceSpans: readonly { readonly resource: { readonly attributes: readonly OtlpAttribute[] }; readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
}

/** A span as a collector got it, with the process that sent it. */
export interface CollectedSpan extends Omit<OtlpSpan, 'attributes'> {
  readonly service: string;
  readonly instance: string;
  readonly resource: ReadonlyMap<string, string | number | undefined>;
  readonly attributes: ReadonlyMap<string, string | number | undefined>;
}

const mapOf = (attributes: readonly OtlpAttribute[]) => new Map(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));

/** A collector of OTLP/HTTP with JSON (opentelemetry-proto 1.x) that keeps all that it gets. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  /** Every request's body, also what in it is no span. */
  readonly bodies: string[] = [];
  readonly #server = createServer(async (request, response) => {
    if (request.method !== 'POST' || request.url !== '/v1/traces' || request.headers['content-type'] !== 'application/json') return void response.writeHead(400).end();
    this.#take((await json(request)) as OtlpRequest);
    response.setHeader('content-type', 'application/json').end('{}');
  });

  static async start(): Promise<TraceCollector> {
    const collector = new TraceCollector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  trace(traceId: string): readonly CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  /**
   * Waits until a trace that has a span of each of these processes holds the parent of every span but one: a process sends what it recorded once a second, so
   * that a trace comes in parts and in any order.
   * @param root name of the span with which it begins
   * @param after how many spans had come before, which don't count
   * @throws Error with what has come
   */
  async whole(root: string, instances: readonly string[], after: number): Promise<readonly CollectedSpan[]> {
    let spans: readonly CollectedSpan[] = [];
    const isWhole = (): boolean => {
      spans = this.trace(this.spans.slice(after).findLast(({ name, parentSpanId }) => name === root && !parentSpanId)?.traceId ?? '');
      const ids = new Set(spans.map(({ spanId }) => spanId));
      return spans.filter(({ parentSpanId }) => !ids.has(parentSpanId ?? '')).length === 1 && instances.every((instance) => spans.some((span) => span.instance === instance));
    };
    await until(isWhole, 60_000).catch((error: unknown) => {
      throw new Error(`no whole trace of ${root}:\n${spans.map(({ instance, name, kind, spanId, parentSpanId }) => `${instance} ${name} ${kind} ${spanId} < ${parentSpanId}`).join('\n')}`, { cause: error });
    });
    return spans;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(body: OtlpRequest): void {
    this.bodies.push(JSON.stringify(body));
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const of = mapOf(resource.attributes);
      const [service, instance] = ['service.name', 'service.instance.id'].map((name) => String(of.get(name))) as [string, string];
      for (const { spans } of scopeSpans) for (const span of spans) this.spans.push({ ...span, service, instance, resource: of, attributes: mapOf(span.attributes) });
    }
  }
}
