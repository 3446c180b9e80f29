import { z } from 'zod';
import { type ApiDocument, type Operation } from './api-document.ts';
import { type JsonSchema } from './schema-arbitrary.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Holds answers against what the document says of an operation. @returns what differs */
export function responseValidator(document: ApiDocument): (operation: Operation, answer: Answer) => string[] {
  const compiled = new Map<object, z.ZodType>();
  const compile = (schema: object): z.ZodType => {
    const known = compiled.get(schema);
    if (known) return known;
    const validator = z.fromJSONSchema(inlined(schema, document.components.schemas as Record<string, JsonSchema>) as Parameters<typeof z.fromJSONSchema>[0]);
    compiled.set(schema, validator);
    return validator;
  };
  return (operation, { status, headers, text }) => {
    const contents = operation.responses.get(status);
    if (!contents) return [`status ${status} is not documented`];
    const isEmpty = text === '';
    if (contents.size === 0) return isEmpty ? [] : ['has a body where none is documented'];
    const type = (headers.get('content-type') ?? '').split(';')[0]!;
    if (!contents.has(type)) return [`media type ${type || 'none'} is not documented for ${status}`];
    const schema = contents.get(type);
    if (!schema) return [];
    const parsed = compile(schema).safeParse(JSON.parse(text));
    return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${status}: ${path.join('/')} ${message}`);
  };
}

/** References are put in place, since each component brings definitions of its own. */
function inlined(schema: unknown, components: Readonly<Record<string, JsonSchema>>, definitions: Readonly<Record<string, unknown>> = {}, depth = 0): unknown {
  if (depth > 40) return {};
  if (Array.isArray(schema)) return schema.map((item) => inlined(item, components, definitions, depth + 1));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $defs, $ref, $schema: _dialect, ...given } = schema as { $defs?: Record<string, unknown>; $ref?: string; $schema?: string; pattern?: string };
  const rest = withoutUnicodeClasses(given);
  const known = { ...definitions, ...$defs };
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1)!;
    return inlined($ref.startsWith('#/components/') ? components[name] : known[name], components, $ref.startsWith('#/components/') ? {} : known, depth + 1);
  }
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, inlined(value, components, known, depth + 1)]));
}

/** Patterns of JSON Schema are Unicode's; the validator reads them as if they weren't. */
function withoutUnicodeClasses(schema: { pattern?: string }): object {
  if (!/\\p\{/i.test(schema.pattern ?? '')) return schema;
  const { pattern: _unread, ...rest } = schema;
  return rest;
}
