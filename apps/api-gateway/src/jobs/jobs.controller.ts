import { idField } from '@boop/identity';
import { createExportSchema, type Job } from '@boop/protocol';
import { BoopError, type Clock, type Rng } from '@boop/shared';
import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { newId } from '../domain/authentication-request.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { cursorAt, pageOf, pageQuery, pageSizeOf, placeOf } from '../http/page.ts';
import { sendTagged } from '../http/preconditions.ts';
import { CLOCK } from '../http/tokens.ts';
import { exportKind } from './authentication-export.ts';
import { retryAfterSeconds } from './job-runner.ts';
import { JobStore } from './job-store.ts';

export const JOB_IDS = Symbol('job ids');
export const WAKE_JOBS = Symbol('wake jobs');

@Controller('v1')
export class JobsController {
  readonly #jobs: JobStore;
  readonly #idempotency: Idempotency;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #wake: () => void;

  constructor(@Inject(JobStore) jobs: JobStore, @Inject(Idempotency) idempotency: Idempotency, @Inject(CLOCK) clock: Clock, @Inject(JOB_IDS) rng: Rng, @Inject(WAKE_JOBS) wake: () => void) {
    this.#jobs = jobs;
    this.#idempotency = idempotency;
    this.#clock = clock;
    this.#rng = rng;
    this.#wake = wake;
  }

  @Post('authentications/exports')
  @Roles('vendor')
  async export(@Req() request: AuthenticatedRequest, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const caller = callerOf(request);
    const input = parseRequest(createExportSchema, body);
    const answer = await this.#idempotency.once(caller, request.headers['idempotency-key'], { path: 'POST /v1/authentications/exports', body }, async () => {
      const job = await this.#jobs.create({ id: newId('job', this.#rng), vendorId: caller.id, kind: exportKind, input }, this.#clock.nowMs());
      this.#wake();
      return { statusCode: 202, body: job };
    });
    const job = answer.body as Job;
    void reply.status(202).headers({ location: `/v1/jobs/${job.id}`, 'retry-after': '1' }).send(job);
  }

  @Get('jobs')
  @Roles('vendor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = parseRequest(pageQuery, query);
    const size = pageSizeOf(limit);
    const found = await this.#jobs.list(callerOf(request).id, placeOf(cursor), size + 1);
    const { rows, next } = pageOf(found, size, ({ createdAt, id }) => cursorAt({ createdAtMs: Date.parse(createdAt), id }));
    return { jobs: rows, ...(next === undefined ? {} : { next }) };
  }

  @Get('jobs/:id')
  @Roles('vendor')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const job = idField.safeParse(id).success ? await this.#jobs.find(callerOf(request).id, id) : undefined;
    if (!job) throw new BoopError('request.not-found', 'there is no such job');
    if (job.status === 'created' || job.status === 'processing') void reply.header('retry-after', String(retryAfterSeconds(this.#clock.nowMs() - Date.parse(job.createdAt))));
    sendTagged(request, reply, job);
  }
}
