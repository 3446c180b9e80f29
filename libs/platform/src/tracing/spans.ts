import { type Attributes, context, type Link, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isBoopError } from '@boop/shared';
import { parseTraceParent, traceParentOf } from './trace-parent.ts';
import { isTracing } from './tracing.ts';

const tracer = () => trace.getTracer('boop');

/** Spans hold names, codes and durations: no ids of persons, no addresses, no messages of errors. */
function fail(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', isBoopError(error) ? error.code : 'internal');
}

/** Asks a peer under a span; `ask` gets what the peer needs to continue the trace. */
export async function tracedCall<T>(name: string, ask: (traceparent: string | undefined) => Promise<T>): Promise<T> {
  if (!isTracing()) return ask(undefined);
  const span = tracer().startSpan(name, { kind: SpanKind.CLIENT, attributes: { 'rpc.system': 'boop-link', 'rpc.method': name } });
  try {
    return await ask(traceParentOf(span.spanContext()));
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Serves a peer's request under a span that continues the peer's trace; without one it begins a trace of its own. */
export async function tracedService<T>(name: string, traceparent: string | undefined, serve: () => Promise<T>): Promise<T> {
  if (!isTracing()) return serve();
  const parent = parseTraceParent(traceparent);
  const from = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER, attributes: { 'rpc.system': 'boop-link', 'rpc.method': name } }, from);
  try {
    return await context.with(trace.setSpan(from, span), serve);
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** A request of the outside. */
export interface EdgeSpan {
  /** Runs work, and all that it starts, under the span. */
  run(work: () => void): void;
  end(name: string, attributes: Attributes, failed: boolean): void;
}

/**
 * Begins a trace for a request from outside. A client's own trace is linked and not continued, so that no client decides what is recorded here.
 * @returns undefined while nothing is recorded
 */
export function startEdgeSpan(name: string, traceparent: string | undefined): EdgeSpan | undefined {
  if (!isTracing()) return undefined;
  const theirs = parseTraceParent(traceparent);
  const links: Link[] = theirs ? [{ context: theirs }] : [];
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER, links, root: true });
  const within = trace.setSpan(ROOT_CONTEXT, span);
  return {
    run: (work) => context.with(within, work),
    end(route, attributes, failed) {
      span.updateName(route);
      span.setAttributes(attributes);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
