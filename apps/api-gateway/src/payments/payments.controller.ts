import { idField } from '@boop/identity';
import { createRefundSchema } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Req } from '@nestjs/common';
import { z } from 'zod';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { PaymentService } from './payment-service.ts';

/** A vendor's sector and network, by which its payers' wallets are named. */
export interface Sectors {
  of(vendorId: string): Promise<{ networkId: string; sector: string }>;
}
export const SECTORS = Symbol('sectors');

const sub = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const currency = z.string().regex(/^[A-Z]{3}$/);

@Controller('v1')
export class PaymentsController {
  readonly #payments: PaymentService;
  readonly #sectors: Sectors;

  constructor(@Inject(PaymentService) payments: PaymentService, @Inject(SECTORS) sectors: Sectors) {
    this.#payments = payments;
    this.#sectors = sectors;
  }

  /** The refund's own id makes a repetition harmless; no `Idempotency-Key` is needed. */
  @Post('authentications/:id/refunds')
  @HttpCode(202)
  @Roles('vendor')
  async refund(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown): Promise<unknown> {
    return await this.#payments.refund(callerOf(request).id, checked(id), parseRequest(createRefundSchema, body));
  }

  @Get('authentications/:id/refunds')
  @Roles('vendor')
  async refunds(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return { refunds: await this.#payments.refunds(callerOf(request).id, checked(id)) };
  }

  /** Opens the wallet of one of the vendor's own people, to be topped up by a transfer from the vendor's account. */
  @Put('payers/:sub/accounts/:currency')
  @Roles('vendor')
  async wallet(@Req() request: AuthenticatedRequest, @Param('sub') subText: string, @Param('currency') currencyText: string): Promise<unknown> {
    if (!sub.safeParse(subText).success || !currency.safeParse(currencyText).success) throw new BoopError('request.not-found', 'there is no such payer or currency');
    const { networkId, sector } = await this.#sectors.of(callerOf(request).id);
    return await this.#payments.openWallet(networkId, sector, subText, currencyText);
  }
}

function checked(id: string): string {
  if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such payment');
  return id;
}
