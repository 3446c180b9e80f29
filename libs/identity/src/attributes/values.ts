import { BoopError } from '@boop/shared';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { z } from 'zod';

/** Forms of values. */
export const valueTypes = ['text', 'email', 'phone', 'date', 'postal-code', 'country', 'integer', 'boolean'] as const;
export const valueTypeSchema = z.enum(valueTypes);
export type ValueType = z.infer<typeof valueTypeSchema>;

/** What is sealed: JSON scalars only. */
export const attributeValueSchema = z.union([z.string().max(1_024), z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER), z.boolean()]);
export type AttributeValue = z.infer<typeof attributeValueSchema>;

const printable = /^[^\p{Cc}\p{Cs}]+$/u;
/** Universal Postal Union S42: letters, digits, space and hyphen, with a letter or digit at both ends. */
const postalCode = /^[A-Z0-9](?:[A-Z0-9 -]{0,10}[A-Z0-9])$/;

const schemas: Readonly<Record<ValueType, z.ZodType<AttributeValue>>> = {
  text: z.string().min(1).max(512).regex(printable),
  email: z.email().max(254),
  /** E.164, of a number that its country's plan knows. */
  phone: z.string().regex(/^\+[1-9][0-9]{6,14}$/).refine((text) => parsePhoneNumberFromString(text)?.isValid() === true),
  /** ISO 8601 calendar date of the years 1850 to 2199. */
  date: z.iso.date().regex(/^(?:1[89]|2[01])[0-9]{2}-/),
  'postal-code': z.string().regex(postalCode),
  /** ISO 3166-1 alpha-2. */
  country: z.string().regex(/^[A-Z]{2}$/),
  integer: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
  boolean: z.boolean(),
};

/** @throws BoopError `attribute.invalid-value`; the message doesn't repeat the value */
export function parseValue(type: ValueType, value: unknown): AttributeValue {
  const parsed = schemas[type].safeParse(value);
  if (!parsed.success) throw new BoopError('attribute.invalid-value', `the value is no ${type}`);
  return parsed.data;
}
