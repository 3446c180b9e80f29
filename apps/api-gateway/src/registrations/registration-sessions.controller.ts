import { idField } from '@boop/identity';
import { completeRegistrationSchema, giveRegistrationConsentSchema, openRegistrationSessionSchema, type RegistrationReceipt, registrationSampleSchema, type RegistrationSampleTaken, type RegistrationSessionView } from '@boop/protocol';
import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { Public } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { noSession, RegistrationService } from '../services/registration-service.ts';

/** A registration without a WebSocket. The session's secret, in each body, is the credential. */
@Controller('v1/registrations/:id')
export class RegistrationSessionsController {
  readonly #registrations: RegistrationService;

  constructor(@Inject(RegistrationService) registrations: RegistrationService) {
    this.#registrations = registrations;
  }

  @Post('session')
  @HttpCode(200)
  @Public()
  async open(@Param('id') id: string, @Body() body: unknown): Promise<RegistrationSessionView> {
    const { secret } = parseRequest(openRegistrationSessionSchema, body);
    return await this.#registrations.read(checkedId(id), secret);
  }

  @Post('session/cancel')
  @HttpCode(200)
  @Public()
  async cancel(@Param('id') id: string, @Body() body: unknown): Promise<RegistrationSessionView> {
    const { secret } = parseRequest(openRegistrationSessionSchema, body);
    await this.#registrations.assertOwn(checkedId(id), secret);
    await this.#registrations.cancel(id);
    return await this.#registrations.read(id, secret);
  }

  @Post('consent')
  @HttpCode(200)
  @Public()
  async consent(@Param('id') id: string, @Body() body: unknown): Promise<RegistrationSessionView> {
    const { secret, consent } = parseRequest(giveRegistrationConsentSchema, body);
    await this.#registrations.assertOwn(checkedId(id), secret);
    await this.#registrations.consent(id, consent);
    return await this.#registrations.read(id, secret);
  }

  @Post('samples')
  @HttpCode(200)
  @Public()
  async sample(@Param('id') id: string, @Body() body: unknown): Promise<RegistrationSampleTaken> {
    const { secret, ...sample } = parseRequest(registrationSampleSchema, body);
    await this.#registrations.assertOwn(checkedId(id), secret);
    return await this.#registrations.sample(id, sample);
  }

  @Post('completion')
  @HttpCode(200)
  @Public()
  async complete(@Param('id') id: string, @Body() body: unknown): Promise<RegistrationReceipt> {
    const { secret, split } = parseRequest(completeRegistrationSchema, body);
    await this.#registrations.assertOwn(checkedId(id), secret);
    return await this.#registrations.completed(id, split);
  }
}

/** What can't be an id names no session; which ids there are is nobody's business. */
function checkedId(id: string): string {
  if (!idField.safeParse(id).success) throw noSession();
  return id;
}
