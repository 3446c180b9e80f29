import fc from 'fast-check';

/** The part of JSON Schema 2020-12 that the document uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

const formats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  uri: fc.webUrl(),
  'date-time': fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
  date: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  uuid: fc.uuid(),
};
const depthMax = 8;

/** Values of a schema, mostly valid; what the schema doesn't say is left to chance. */
export function arbitraryOf(schema: JsonSchema, components: Readonly<Record<string, JsonSchema>>, depth = 0): fc.Arbitrary<unknown> {
  const next = (inner: JsonSchema): fc.Arbitrary<unknown> => arbitraryOf(inner, { ...components, ...schema.$defs }, depth + 1);
  if (depth > depthMax) return fc.constant(null);
  if (schema.$ref !== undefined) {
    const target = { ...components, ...schema.$defs }[schema.$ref.split('/').at(-1)!];
    return target ? next(target) : fc.anything();
  }
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return fc.oneof(...branches.map(next));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return objectOf(schema, next);
    case 'array':
      if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map(next));
      return fc.array(next(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, Math.max(3, schema.minItems ?? 0)) });
    case 'string':
      return stringOf(schema);
    case 'integer':
      return fc.integer(rangeOf(schema, 2 ** 31 - 1, 1));
    case 'number': {
      const { min, max } = rangeOf(schema, 1e9, Number.EPSILON);
      return fc.double({ min, max, noNaN: true });
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: JsonSchema, next: (inner: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if (typeof additionalProperties === 'object' && Object.keys(properties).length === 0) return fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), next(additionalProperties), { maxKeys: 3 });
  const model = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, next(inner)]));
  return fc.record(model, { requiredKeys: [...required].filter((name) => name in model) });
}

function stringOf({ pattern, format, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> {
  const byFormat = format === undefined ? undefined : formats[format];
  if (byFormat) return byFormat;
  if (pattern !== undefined) {
    try {
      return fc.stringMatching(new RegExp(pattern), { size: 'small' });
    } catch {
      // Assertions that the generator doesn't know: any text will do, valid or not.
    }
  }
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)), unit: 'grapheme' });
}

/** @param step what an exclusive bound excludes */
function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema, most: number, step: number): { min: number; max: number } {
  const min = Math.max(minimum ?? -most, exclusiveMinimum === undefined ? -most : exclusiveMinimum + step);
  const max = Math.min(maximum ?? most, exclusiveMaximum === undefined ? most : exclusiveMaximum - step);
  return { min, max };
}

/** A value that breaks one rule: a field too many, one too few, of another type, or something else altogether. */
export const spoilt = (value: unknown): fc.Arbitrary<unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? fc.oneof(
        fc.constant({ ...value, undocumented: 'field' }),
        ...Object.keys(value).flatMap((key) => [
          fc.constant(Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))),
          fc.jsonValue({ maxDepth: 1 }).map((other) => ({ ...value, [key]: other })),
        ]),
        fc.jsonValue({ maxDepth: 1 }),
      )
    : fc.jsonValue({ maxDepth: 2 });
