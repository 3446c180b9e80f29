import { gatewayMethods } from '@boop/protocol';
import { encoderOf } from '../domain/check-split.ts';
import { pvsDocument, signConfiguration } from '../domain/pvs-configuration.ts';
import { type AuthenticationService } from '../services/authentication-service.ts';
import { TerminalService } from '../services/terminal-service.ts';
import { publishedVersion } from '../store/pvs-configuration-store.ts';
import { type Core } from './core.ts';
import { type Feature, linkMethod } from './feature.ts';

/** What terminals are told when they connect. */
export async function terminalsFeature(core: Core, authentications: AuthenticationService): Promise<Feature> {
  const { manifest, database, device, stores, clock } = core;
  const document = pvsDocument(encoderOf(manifest, manifest.defaultOperatingPoint));
  const configuration = signConfiguration(await publishedVersion(database, document), document, device);
  const service = new TerminalService({ events: stores.events, directory: stores.directory, authentications, configuration, clock });
  return {
    name: 'terminals',
    linkMethods: {
      'terminal.hello': linkMethod({
        ...gatewayMethods['terminal.hello'],
        answer: async ({ terminalId }) => {
          await service.hello(terminalId);
          return {};
        },
      }),
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
