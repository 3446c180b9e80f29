import { gatewayMethods } from '@boop/protocol';
import { adminEvent } from '../domain/events.ts';
import { NetworkController } from '../http/network.controller.ts';
import { LogService } from '../services/log-service.ts';
import { NetworkService } from '../services/network-service.ts';
import { describeError } from '@boop/platform';
import { type Core } from './core.ts';
import { type Feature, linkMethod } from './feature.ts';
import { networkApi } from './network.api.ts';

/** What everybody may know: the network, its nodes, its keys and proofs of its log. */
export function networkFeature(core: Core): Feature {
  const { network, nodes, ledger, stores, log } = core;
  const announce = (): Promise<void> => stores.events.append([adminEvent({ type: 'nodes', nodes: nodes.statuses() })]);
  /** One at a time; changes meanwhile are told together afterwards. */
  const told = { busy: false, again: false };
  const announceChanges = async (): Promise<void> => {
    told.again = true;
    if (told.busy) return;
    told.busy = true;
    try {
      while (told.again) {
        told.again = false;
        await announce();
      }
    } catch (error) {
      log.warn('node status could not be published', { error: describeError(error) });
    } finally {
      told.busy = false;
    }
  };
  return {
    name: 'network',
    controllers: [NetworkController],
    providers: [
      { provide: NetworkService, useValue: network },
      { provide: LogService, useValue: new LogService(ledger, stores.outbox) },
    ],
    api: networkApi,
    linkMethods: { 'network.info': linkMethod({ ...gatewayMethods['network.info'], answer: async () => network.info() }) },
    jobs: [{ name: 'announce nodes', everyMs: 10_000, run: announce }],
    async start() {
      nodes.on('change', () => void announceChanges());
    },
  };
}
