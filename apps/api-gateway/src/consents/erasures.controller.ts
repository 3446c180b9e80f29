import { eraseOwnerSchema } from '@boop/protocol';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { Public } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { type ConsentEvents } from './consent-events.ts';
import { type ConsentsClient } from './consents-client.ts';
import { CONSENT_EVENTS, CONSENTS } from './tokens.ts';

/** A person has values, keys, consents and openings deleted; the signed request is the authentication. May be repeated. */
@Controller('v1/erasures')
export class ErasuresController {
  readonly #consents: ConsentsClient;
  readonly #events: ConsentEvents;

  constructor(@Inject(CONSENTS) consents: ConsentsClient, @Inject(CONSENT_EVENTS) events: ConsentEvents) {
    this.#consents = consents;
    this.#events = events;
  }

  @Post()
  @HttpCode(200)
  @Public()
  async erase(@Body() body: unknown): Promise<unknown> {
    const erased = await this.#consents.ask('consents.erase', parseRequest(eraseOwnerSchema, body));
    this.#events.kick();
    return erased;
  }
}
