import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { parseExpression, variablesOf } from './expression/index.ts';
import { attributeNameSchema } from './names.ts';
import { attributeKindSchema, type AttributeDocument } from './record.ts';
import { valueTypeSchema } from './values.ts';

/** What an attribute means; public. */
export const attributeDefinitionSchema = z.strictObject({
  name: attributeNameSchema,
  title: z.string().min(1).max(200),
  type: valueTypeSchema,
  source: attributeKindSchema,
  /** Of a computed attribute, over other attributes and `today`. */
  expression: z.string().max(512).optional(),
});
export type AttributeDefinition = z.infer<typeof attributeDefinitionSchema>;

/** Who may attest what; public. */
export const attributeIssuerSchema = z.strictObject({
  id: idField,
  name: z.string().min(1).max(200),
  /** Ed25519. */
  key: bytesField(32),
  attributes: z.array(attributeNameSchema).min(1).max(64),
  validFrom: secondsField,
  expiresAt: secondsField,
});
export type AttributeIssuer = z.infer<typeof attributeIssuerSchema>;

export interface AttributeRegistry {
  readonly definitions: readonly AttributeDefinition[];
  readonly issuers: readonly AttributeIssuer[];
}

/** What every network starts with. */
export const commonDefinitions: readonly AttributeDefinition[] = [
  { name: 'given_name', title: 'Given name', type: 'text', source: 'user' },
  { name: 'family_name', title: 'Family name', type: 'text', source: 'user' },
  { name: 'email', title: 'E-mail address', type: 'email', source: 'user' },
  { name: 'phone', title: 'Telephone number (E.164)', type: 'phone', source: 'user' },
  { name: 'postal_code', title: 'Postal code', type: 'postal-code', source: 'user' },
  { name: 'country', title: 'Country of residence', type: 'country', source: 'user' },
  { name: 'birth_date', title: 'Date of birth', type: 'date', source: 'verified' },
  { name: 'age_years', title: 'Age in years', type: 'integer', source: 'computed', expression: 'years_between(birth_date, today)' },
  { name: 'is_adult', title: 'At least 18 years old', type: 'boolean', source: 'computed', expression: 'years_between(birth_date, today) >= 18' },
  { name: 'membership_number', title: 'Membership number', type: 'text', source: 'system' },
];

export const definitionOf = (registry: Pick<AttributeRegistry, 'definitions'>, name: string): AttributeDefinition | undefined => registry.definitions.find((definition) => definition.name === name);

/**
 * Checks a definition that is to join a registry: an expression exactly where one belongs, over attributes that are there, and no circle.
 * @throws BoopError `attribute.defined`, `attribute.bad-expression`, `expression.*`
 */
export function checkDefinition(registry: Pick<AttributeRegistry, 'definitions'>, definition: AttributeDefinition): void {
  const { name, source, expression } = definition;
  if (definitionOf(registry, name) || name === 'today') throw new BoopError('attribute.defined', 'there is an attribute of that name');
  if ((source === 'computed') !== (expression !== undefined)) throw new BoopError('attribute.bad-expression', 'computed attributes have an expression, and no others');
  if (expression === undefined) return;
  const variables = variablesOf(parseExpression(expression));
  if (variables.includes(name)) throw new BoopError('attribute.bad-expression', 'the expression depends on itself');
  // Whatever it refers to is there already and can't refer back, so no chain of definitions ever loops.
  if (variables.some((variable) => variable !== 'today' && !definitionOf(registry, variable))) throw new BoopError('attribute.bad-expression', 'the expression names an attribute that is not defined');
}

/**
 * Whether a document may be written or believed under a registry: the attribute is defined, its kind is the defined one, and its issuer is
 * accredited for it now.
 * @throws BoopError `attribute.unknown`, `attribute.wrong-kind`, `attribute.unknown-issuer`, `attribute.expired`
 */
export function checkAgainstRegistry(registry: AttributeRegistry, record: AttributeDocument, nowSeconds: number): void {
  const definition = definitionOf(registry, record.attribute);
  if (!definition) throw new BoopError('attribute.unknown', 'no such attribute is defined');
  if (definition.source !== record.source) throw new BoopError('attribute.wrong-kind', 'the attribute is of another kind');
  const { issuer } = record;
  const accredited = registry.issuers.some(({ id, key, attributes, validFrom, expiresAt }) => id === issuer?.id && key === issuer.key && attributes.includes(record.attribute) && validFrom <= nowSeconds && nowSeconds < expiresAt);
  if (issuer && !accredited) throw new BoopError('attribute.unknown-issuer', 'the issuer is not accredited for this attribute');
  if (record.expiresAt !== undefined && record.expiresAt <= nowSeconds) throw new BoopError('attribute.expired', 'the attestation has expired');
}
