import { type PvsConfiguration } from '@boop/protocol';
import { type Clock } from '@boop/shared';
import { pvsEvent } from '../domain/events.ts';
import { type AuthenticationService } from '../services/authentication-service.ts';
import { type DirectoryStore, type EventStore } from '../services/ports.ts';

export interface TerminalDependencies {
  readonly events: EventStore;
  readonly directory: DirectoryStore;
  readonly authentications: Pick<AuthenticationService, 'repeatRequests'>;
  readonly configuration: PvsConfiguration;
  readonly clock: Clock;
}

/** What terminals are told when they connect, and what they answer. */
export class TerminalService {
  readonly #with: TerminalDependencies;

  constructor(dependencies: TerminalDependencies) {
    this.#with = dependencies;
  }

  async hello(terminalId: string): Promise<void> {
    const { events, configuration, authentications } = this.#with;
    await events.append([pvsEvent(terminalId, { type: 'configuration', configuration })]);
    await authentications.repeatRequests(terminalId);
  }

  async acknowledge(terminalId: string, version: number, answer: { applied: boolean; code?: string | undefined }): Promise<void> {
    await this.#with.directory.acknowledgeConfiguration(terminalId, version, answer, this.#with.clock.nowMs());
  }
}
