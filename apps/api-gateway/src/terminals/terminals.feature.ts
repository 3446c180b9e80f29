import { describeError } from '@boop/platform';
import { gatewayMethods, problemOf, type PvsConfiguration } from '@boop/protocol';
import { auditTrail } from '../audit/audit-trail.ts';
import { newId } from '../domain/authentication-request.ts';
import { encoderOf } from '../domain/check-split.ts';
import { pvsDocument } from '../domain/pvs-configuration.ts';
import { type AuthenticationService } from '../services/authentication-service.ts';
import { TerminalService } from './terminal-service.ts';
import { pvsConfigurationStore } from '../store/pvs-configuration-store.ts';
import { type Core } from '../features/core.ts';
import { type Feature, linkMethod } from '../features/feature.ts';
import { PairingService } from './pairing-service.ts';
import { terminalStore } from './terminal-store.ts';
import { terminalsApi } from './terminals.api.ts';
import { TerminalsController } from './terminals.controller.ts';

/** Terminals: how they are paired, and what they are told when they connect. */
export async function terminalsFeature(core: Core, authentications: AuthenticationService): Promise<Feature> {
  const { manifest, database, device, stores, limits, clock, rng, log } = core;
  const configurations = pvsConfigurationStore(database);
  await configurations.ensure(pvsDocument(encoderOf(manifest, manifest.defaultOperatingPoint)));
  const terminals = async () => (await database.terminal.findMany({ select: { id: true }, orderBy: { id: 'asc' } })).map(({ id }) => id);
  const service = new TerminalService({ events: stores.events, directory: stores.directory, authentications, configurations, terminals, key: device, clock });
  const store = terminalStore(database);
  const trail = auditTrail(database);
  /** What an administrator does by the bridge stands in the trail as what is done by HTTP. */
  const noted = async (adminId: string, message: string, work: Promise<PvsConfiguration>): Promise<PvsConfiguration> => {
    const note = async (status: number, target?: string): Promise<void> => {
      const record = { at: new Date(clock.nowMs()), requestId: newId('ws', rng), role: 'admin', principal: adminId, action: `WS /ws/admin/${message}`, target, status };
      await trail.append(record).catch((error: unknown) => log.error('the audit trail could not be written', { requestId: record.requestId, error: describeError(error) }));
    };
    try {
      const configuration = await work;
      await note(200, String(configuration.version));
      return configuration;
    } catch (error) {
      await note(problemOf(error).status);
      throw error;
    }
  };
  const pairing = new PairingService({ store, directory: stores.directory, limits, networkId: manifest.networkId, clock, rng });
  return {
    name: 'terminals',
    controllers: [TerminalsController],
    providers: [{ provide: PairingService, useValue: pairing }],
    api: terminalsApi,
    jobs: [{ name: 'prune pairings', everyMs: 60_000, run: () => store.prune(new Date(clock.nowMs())) }],
    linkMethods: {
      'terminal.hello': linkMethod({
        ...gatewayMethods['terminal.hello'],
        answer: async ({ terminalId }) => {
          await service.hello(terminalId);
          return {};
        },
      }),
      'configuration.publish': linkMethod({ ...gatewayMethods['configuration.publish'], answer: ({ adminId, document }) => noted(adminId, 'publish_configuration', service.publish(document)) }),
      'configuration.roll-back': linkMethod({ ...gatewayMethods['configuration.roll-back'], answer: ({ adminId, version }) => noted(adminId, 'roll_back_configuration', service.rollBack(version)) }),
      'configuration.acknowledge': linkMethod({
        ...gatewayMethods['configuration.acknowledge'],
        answer: async ({ terminalId, version, applied, code }) => {
          await service.acknowledge(terminalId, version, { applied, code });
          return {};
        },
      }),
    },
  };
}
