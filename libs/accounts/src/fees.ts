import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { amountField, assetField } from './amount.ts';

/** What a transfer is for. */
export const codeField = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

const BASIS_POINTS = 10_000n;

/** A fee for transfers of one code: `fixed` + `basisPoints` of the amount, within `min` and `max`. */
export const feeRuleSchema = z.strictObject({
  code: codeField,
  /** Hundredths of a percent. */
  basisPoints: z.number().int().min(0).max(10_000),
  fixed: amountField,
  min: amountField.optional(),
  max: amountField.optional(),
});

export const feeScheduleSchema = z
  .strictObject({ asset: assetField, rules: z.array(feeRuleSchema).max(64) })
  .refine(({ rules }) => new Set(rules.map(({ code }) => code)).size === rules.length, { message: 'one rule a code' })
  .refine(({ rules }) => rules.every(({ min, max }) => min === undefined || max === undefined || BigInt(min) <= BigInt(max)), { message: 'min is at most max' });
export type FeeSchedule = z.infer<typeof feeScheduleSchema>;

/** @throws BoopError `fees.malformed` */
export function parseFeeSchedule(value: unknown): FeeSchedule {
  const parsed = feeScheduleSchema.safeParse(value);
  if (!parsed.success) throw new BoopError('fees.malformed', 'the fee schedule does not have the documented form');
  return parsed.data;
}

/** The fee for one transfer, in minor units, half a unit rounded up; 0 for a code without a rule. @param amount minor units, ≥ 0 */
export function feeOf({ rules }: FeeSchedule, code: string, amount: bigint): bigint {
  const rule = rules.find((one) => one.code === code);
  if (!rule) return 0n;
  const share = (amount * BigInt(rule.basisPoints) + BASIS_POINTS / 2n) / BASIS_POINTS;
  const fee = BigInt(rule.fixed) + share;
  const atLeast = rule.min !== undefined && fee < BigInt(rule.min) ? BigInt(rule.min) : fee;
  return rule.max !== undefined && atLeast > BigInt(rule.max) ? BigInt(rule.max) : atLeast;
}
