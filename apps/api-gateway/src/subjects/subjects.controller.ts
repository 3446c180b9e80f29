import { parseOwnerAuthorization } from '@boop/identity';
import { eraseSubjectSchema, orderSubjectSchema, type Subject, type SubjectExport, type SubjectReceipt } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { type AuthenticatedRequest, Limited, Public, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { SubjectService } from './subject-service.ts';

/** What a person asks of the network about themselves. Orders are signed by the person or by custodians; the nodes check the signatures. */
@Controller('v1/subjects')
export class SubjectsController {
  readonly #subjects: SubjectService;

  constructor(@Inject(SubjectService) subjects: SubjectService) {
    this.#subjects = subjects;
  }

  @Get('me')
  @Limited('subject-reads')
  @Roles('person')
  async get(@Req() request: AuthenticatedRequest): Promise<Subject> {
    return await this.#subjects.get(callOf(request));
  }

  @Get('me/export')
  @Limited('subject-reads')
  @Roles('person')
  async export(@Req() request: AuthenticatedRequest): Promise<SubjectExport> {
    return await this.#subjects.export(callOf(request));
  }

  @Post('suspend')
  @HttpCode(200)
  @Limited('user-operations')
  @Public()
  async suspend(@Body() body: unknown): Promise<SubjectReceipt> {
    return await this.#order('suspend', body);
  }

  @Post('resume')
  @HttpCode(200)
  @Limited('user-operations')
  @Public()
  async resume(@Body() body: unknown): Promise<SubjectReceipt> {
    return await this.#order('resume', body);
  }

  @Post('erase')
  @HttpCode(200)
  @Limited('deletions')
  @Public()
  async erase(@Body() body: unknown): Promise<SubjectReceipt> {
    return await this.#subjects.erase(parseRequest(eraseSubjectSchema, body).request);
  }

  async #order(action: 'suspend' | 'resume', body: unknown): Promise<SubjectReceipt> {
    const { order } = parseRequest(orderSubjectSchema, body);
    if (order.record.action !== action) throw new BoopError('request.conflict', 'the order is another than the path says');
    return await this.#subjects.order(order);
  }
}

const callOf = (request: AuthenticatedRequest) => parseOwnerAuthorization(request.headers.authorization ?? '');
