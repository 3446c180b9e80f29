import { parseOwnerAuthorization } from '@boop/identity';
import { type Consent, type ConsentReceipts, createConsentSchema, revokeConsentSchema } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, Public, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { LogService } from '../services/log-service.ts';
import { type ConsentsClient } from './consents-client.ts';
import { consentIdParameter, consentsQuery } from './consent-queries.ts';
import { CONSENT_EVENTS, CONSENTS } from './tokens.ts';
import { type ConsentEvents } from './consent-events.ts';

/** A person's consents. What the person signed is checked by the attributes service and by the nodes again; the gateway carries it. */
@Controller('v1/consents')
export class ConsentsController {
  readonly #consents: ConsentsClient;
  readonly #events: ConsentEvents;
  readonly #log: LogService;

  constructor(@Inject(CONSENTS) consents: ConsentsClient, @Inject(CONSENT_EVENTS) events: ConsentEvents, @Inject(LogService) log: LogService) {
    this.#consents = consents;
    this.#events = events;
    this.#log = log;
  }

  /** 201 for a new grant, 200 for one that is known. */
  @Post()
  @Public()
  async create(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<Consent> {
    const { consent, created } = await this.#consents.ask('consents.grant', parseRequest(createConsentSchema, body));
    this.#events.kick();
    void reply.status(created ? 201 : 200).header('location', `/v1/consents/${consent.consentId}`);
    return consent;
  }

  @Get()
  @Roles('person')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit, status } = parseRequest(consentsQuery, query);
    return await this.#consents.ask('consents.list', { ...callOf(request), limit, ...(cursor === undefined ? {} : { after: cursor }), ...(status === undefined ? {} : { status }) });
  }

  @Get(':id')
  @Roles('person')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<Consent> {
    return await this.#consents.ask('consents.get', { ...callOf(request), consentId: consentIdOf(id) });
  }

  /** Answers when so many nodes know that nothing is released under this consent any more. */
  @Post(':id/revoke')
  @HttpCode(200)
  @Public()
  async revoke(@Param('id') id: string, @Body() body: unknown): Promise<Consent> {
    const { revocation } = parseRequest(revokeConsentSchema, body);
    if (revocation.record.consentId !== id) throw new BoopError('revocation.wrong-consent', 'the withdrawal is of another consent');
    const consent = await this.#consents.ask('consents.revoke', { revocation });
    this.#events.kick();
    return consent;
  }

  /** Every document of the consent with what opens its commitment and, once a checkpoint includes it, the proof. */
  @Get(':id/receipts')
  @Roles('person')
  async receipts(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<ConsentReceipts> {
    const { receipts } = await this.#consents.ask('consents.receipts', { ...callOf(request), consentId: consentIdOf(id) });
    return { receipts: await Promise.all(receipts.map(async (receipt) => ({ ...receipt, ...(await this.#proofOf(receipt.logEntry)) }))) };
  }

  async #proofOf(logEntry: string) {
    try {
      return { proof: await this.#log.proof(logEntry) };
    } catch (error) {
      if (isBoopError(error) && (error.code === 'log.pending' || error.code === 'request.not-found')) return {};
      throw error;
    }
  }
}

const callOf = (request: AuthenticatedRequest) => ({ call: parseOwnerAuthorization(request.headers.authorization ?? '') });

function consentIdOf(id: string): string {
  const parsed = consentIdParameter.safeParse(id);
  if (!parsed.success) throw new BoopError('request.not-found', 'there is no such consent');
  return parsed.data;
}
