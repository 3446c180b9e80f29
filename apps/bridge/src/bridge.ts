import { createMetrics, describeError, LinkClient, type Logger, readSecretFile, startMetricsServer, TlsFiles, TrustedProxies } from '@boop/platform';
import { Counter, Gauge } from 'prom-client';
import { adminChannel } from './channels/admin.ts';
import { type ChannelDefinition } from './channels/channel.ts';
import { pvsChannel } from './channels/pvs.ts';
import { registrationChannel } from './channels/registration.ts';
import { vendorChannel } from './channels/vendor.ts';
import { type BridgeConfig } from './config.ts';
import { startSocketServer } from './connection/socket-server.ts';
import { openEventSource } from './events/event-source.ts';
import { gatewayClient } from './gateway-client.ts';

export interface Bridge {
  readonly port: number;
  /** What `/readyz` says. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}

/** Wires the bridge and starts it. Parts are undone in reverse order, also when a later part fails to start. */
export async function startBridge(config: BridgeConfig, { log }: { log: Logger }): Promise<Bridge> {
  const undos: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const undo of undos.splice(0).reverse()) await undo();
  };
  try {
    const { networkId, limits } = config;
    const tls = new TlsFiles(config.tls, log);
    undos.push(async () => tls.stop());
    const link = new LinkClient({ tls, networkId, expect: { role: 'gateway', id: config.gateway.id }, host: config.gateway.host, port: config.gateway.port, log });
    undos.push(() => link.close());

    const source = await openEventSource({ databaseUrl: readSecretFile(config.databaseUrlFile), redisUrl: config.redisUrlFile === undefined ? undefined : readSecretFile(config.redisUrlFile), history: config.history, log });
    undos.push(() => source.close());

    const registry = createMetrics('bridge');
    const metrics = await startMetricsServer({ ...config.metrics, registry });
    undos.push(() => metrics.close());
    const open = new Gauge({ name: 'boop_ws_connections', help: 'Open WebSocket connections', labelNames: ['channel'], registers: [registry] });
    const closed = new Counter({ name: 'boop_ws_closes_total', help: 'Closed WebSocket connections by close code', labelNames: ['channel', 'code'], registers: [registry] });

    const ready = async () => {
      const checks = await source.checks();
      // Without Redis everything goes on by way of the database.
      return { ready: checks.database && link.connected, checks: { ...checks, gateway: link.connected } };
    };
    const gateway = gatewayClient(link);
    const channels = [registrationChannel(gateway), vendorChannel(gateway), pvsChannel(gateway), adminChannel(gateway)] as unknown as readonly ChannelDefinition[];
    const server = await startSocketServer({
      ...config.http,
      tls: config.publicTls,
      channels,
      hub: source.hub,
      limits,
      origins: config.origins,
      proxies: new TrustedProxies(config.trustedProxies),
      ready,
      onConnection: (channel, change, code) => {
        open.inc({ channel }, change);
        if (code !== undefined) closed.inc({ channel, code: String(code) });
      },
      log,
    });
    undos.push(() => server.close());
    log.info('bridge started', { port: server.port });
    return { port: server.port, isReady: async () => (await ready()).ready, close };
  } catch (error) {
    await close().catch(failedUndo(log));
    throw error;
  }
}

const failedUndo = (log: Logger) => (error: unknown) => log.error('could not undo a failed start', { error: describeError(error) });
