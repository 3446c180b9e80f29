import { context, trace } from '@opentelemetry/api';
import { type SpanExporter } from '@opentelemetry/sdk-trace-base';

export interface TracingOptions {
  readonly serviceName: string;
  /** Base URL of an OTLP/HTTP collector. */
  readonly endpoint?: string;
  /** Instead of an endpoint. */
  readonly exporter?: SpanExporter;
  /** Share of the traces that begin here, 0 to 1; others follow the flag of their parent. */
  readonly sampleRatio?: number;
}

let active = false;
/** Whether this process records spans; without it nothing is made and nothing is sent. */
export const isTracing = (): boolean => active;

/** Records spans of this process until stopped. One at a time in a process. @returns what flushes and ends it */
export async function startTracing({ serviceName, endpoint, exporter, sampleRatio = 1 }: TracingOptions): Promise<() => Promise<void>> {
  // Loaded only by who records: it would make every process slower to start.
  const [{ BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler }, { NodeTracerProvider }, { detectResources, envDetector, resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new NodeTracerProvider({
    // Which of several processes of one kind this is, whoever runs them says: `OTEL_RESOURCE_ATTRIBUTES`.
    resource: detectResources({ detectors: [envDetector] }).merge(resourceFromAttributes({ 'service.name': `boop-${serviceName}` })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [new BatchSpanProcessor(exporter ?? (await otlpExporter(endpoint)), { maxQueueSize: 4_096, scheduledDelayMillis: 1_000 })],
  });
  provider.register();
  active = true;
  return async () => {
    active = false;
    trace.disable();
    context.disable();
    await provider.shutdown();
  };
}

async function otlpExporter(endpoint: string | undefined): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  return new OTLPTraceExporter(endpoint === undefined ? {} : { url: `${endpoint.replace(/\/$/, '')}/v1/traces` }) as SpanExporter;
}

/** By the variables that OpenTelemetry names; undefined where no collector is named. */
export function tracingFromEnvironment(serviceName: string, env: NodeJS.ProcessEnv): TracingOptions | undefined {
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? '1');
  return endpoint === undefined || endpoint === '' ? undefined : { serviceName, endpoint, sampleRatio: ratio >= 0 && ratio <= 1 ? ratio : 1 };
}
