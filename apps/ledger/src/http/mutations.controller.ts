import { blobField, bytesField } from '@boop/identity';
import { LABEL_BYTES_MAX, VALUE_BYTES_MAX } from '@boop/log';
import { fromBase64Url, toBase64Url } from '@boop/shared';
import { Body, Controller, Inject, Post, Res, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { MutationIntake } from '../map/mutation-intake.ts';
import { type HttpReply } from './exchange.ts';
import { parseWith } from './parsing.ts';
import { MutationLimit } from './rate-limit.ts';

const submission = z
  .strictObject({
    mutation: blobField(0xffff),
    label: blobField(LABEL_BYTES_MAX).refine((text) => text.length > 0),
    /** What the commitment opens to, to be shown in proofs until it is erased. */
    opening: bytesField(32).optional(),
    value: blobField(VALUE_BYTES_MAX).optional(),
  })
  .refine(({ opening, value }) => (opening === undefined) === (value === undefined));

@Controller('v1/ledger/mutations')
export class MutationsController {
  readonly #intake: MutationIntake;

  constructor(@Inject(MutationIntake) intake: MutationIntake) {
    this.#intake = intake;
  }

  /** 202 while the mutation waits, 200 once a revision has applied it; the same mutation again is answered the same way. */
  @Post()
  @UseGuards(MutationLimit)
  async submit(@Body() body: unknown, @Res() reply: HttpReply): Promise<void> {
    const { mutation, label, opening, value } = parseWith(submission, body);
    const shown = opening !== undefined && value !== undefined ? { opening: fromBase64Url(opening), value: fromBase64Url(value) } : undefined;
    const { index, version, hash, revision } = await this.#intake.submit({ mutation: fromBase64Url(mutation), label: fromBase64Url(label), ...(shown ? { shown } : {}) });
    reply
      .status(revision === undefined ? 202 : 200)
      .header('cache-control', 'no-store')
      .send({ index: toBase64Url(index), version, hash: toBase64Url(hash), ...(revision === undefined ? {} : { revision }) });
  }
}
