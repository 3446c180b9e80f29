import { createRegistrationSchema, type RegistrationSessionView } from '@boop/protocol';
import { Body, Controller, Inject, Post, Req } from '@nestjs/common';
import { type AuthenticatedRequest, Limited, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { RegistrationService } from '../services/registration-service.ts';

/** A session of a person's own, without a link, to register the same palms anew. What it replaces stands in the consent, which the nodes check. */
@Controller('v1/subjects/re-enrol')
export class ReEnrolmentController {
  readonly #registrations: RegistrationService;

  constructor(@Inject(RegistrationService) registrations: RegistrationService) {
    this.#registrations = registrations;
  }

  @Post()
  @Limited('user-operations')
  @Roles('person')
  async open(@Req() { ip }: AuthenticatedRequest, @Body() body: unknown): Promise<RegistrationSessionView> {
    const session = await this.#registrations.start({ ...parseRequest(createRegistrationSchema, body ?? {}), address: ip });
    return { ...session, state: 'consent', samples: {} };
  }
}
