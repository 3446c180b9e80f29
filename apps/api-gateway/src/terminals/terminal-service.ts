import { type SigningKey } from '@boop/identity';
import { type PvsConfiguration } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { pvsEvent } from '../domain/events.ts';
import { type ConfigurationInForce, type PvsDocument, signConfiguration } from '../domain/pvs-configuration.ts';
import { type AuthenticationService } from '../services/authentication-service.ts';
import { type DirectoryStore, type EventStore } from '../services/ports.ts';
import { type PvsConfigurationStore } from '../store/pvs-configuration-store.ts';

export interface TerminalDependencies {
  readonly events: EventStore;
  readonly directory: DirectoryStore;
  readonly authentications: Pick<AuthenticationService, 'repeatRequests'>;
  readonly configurations: PvsConfigurationStore;
  /** Ids of all terminals, which are told of changes. */
  readonly terminals: () => Promise<readonly string[]>;
  /** Signs configurations. */
  readonly key: SigningKey;
  readonly clock: Clock;
}

/** Streams that one transaction locks. */
const terminalsAtOnce = 100;

/** What terminals are told when they connect or their settings change, and what they answer. */
export class TerminalService {
  readonly #with: TerminalDependencies;

  constructor(dependencies: TerminalDependencies) {
    this.#with = dependencies;
  }

  async hello(terminalId: string): Promise<void> {
    const { events, configurations, key, authentications } = this.#with;
    const configuration = signConfiguration(await configurations.inForce(), key);
    await events.append([pvsEvent(terminalId, { type: 'configuration', configuration })]);
    await authentications.repeatRequests(terminalId);
  }

  /** A new version, for all terminals. */
  async publish(document: PvsDocument): Promise<PvsConfiguration> {
    return await this.#tellAll(await this.#with.configurations.publish(document));
  }

  /** Back to the version before this one, for all terminals. @throws BoopError `request.conflict` */
  async rollBack(version: number): Promise<PvsConfiguration> {
    return await this.#tellAll(await this.#with.configurations.rollBack(version));
  }

  async acknowledge(terminalId: string, version: number, answer: { applied: boolean; code?: string | undefined }): Promise<void> {
    await this.#with.directory.acknowledgeConfiguration(terminalId, version, answer, this.#with.clock.nowMs());
  }

  /** Those that are away are told when they say hello. */
  async #tellAll(inForce: ConfigurationInForce): Promise<PvsConfiguration> {
    const { events, terminals, key } = this.#with;
    const configuration = signConfiguration(inForce, key);
    const ids = await terminals();
    for (let at = 0; at < ids.length; at += terminalsAtOnce) await events.append(ids.slice(at, at + terminalsAtOnce).map((id) => pvsEvent(id, { type: 'configuration', configuration })));
    return configuration;
  }
}
