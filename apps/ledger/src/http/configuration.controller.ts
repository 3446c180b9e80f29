import { Controller, Get, Inject, Res } from '@nestjs/common';
import { LogKey } from '../checkpoints/log-key.ts';
import { BRIEF, type HttpReply } from './exchange.ts';

export const PUBLIC_CONFIGURATION = Symbol('public configuration');

/** What a verifier is told once and pins: keys of log, map and cosigners. */
export interface PublicConfiguration {
  readonly origin: string;
  /** Public key of the function that gives accounts their index, base64url. */
  readonly vrfKey: string;
  /** Verifier keys of who cosigns this log's checkpoints. */
  readonly cosigners: { readonly nodes: readonly string[]; readonly witnesses: readonly string[] };
  /** Key under which this ledger cosigns other logs. */
  readonly witness?: string;
}

@Controller('v1/ledger/configuration')
export class ConfigurationController {
  readonly #configuration: PublicConfiguration;
  readonly #key: LogKey;

  constructor(@Inject(PUBLIC_CONFIGURATION) configuration: PublicConfiguration, @Inject(LogKey) key: LogKey) {
    this.#configuration = configuration;
    this.#key = key;
  }

  @Get()
  async read(@Res() reply: HttpReply): Promise<void> {
    const { vkey } = await this.#key.get();
    reply.header('cache-control', BRIEF).send({ ...this.#configuration, verifierKey: vkey });
  }
}
