import { collectDefaultMetrics, Registry } from 'prom-client';
import { type HttpListener, listenHttp } from './http-listener.ts';

/** A registry of its own, with the process's default metrics, every sample labelled with the process's name. */
export function createMetrics(processName: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** `GET /metrics` in the Prometheus text format, on a port of its own. */
export async function startMetricsServer(options: { readonly host: string; readonly port: number; readonly registry: Registry }): Promise<HttpListener> {
  return await listenHttp(options, (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') return void response.writeHead(404).end();
    options.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': options.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
