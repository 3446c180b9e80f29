/** What tests read of an OpenAPI document. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly roles: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object }[];
  readonly body?: { readonly schema: object; readonly examples: readonly unknown[] };
  /** Status → media type → schema. */
  readonly responses: ReadonlyMap<number, ReadonlyMap<string, object | undefined>>;
}

interface RawOperation {
  'x-roles'?: string[];
  parameters?: Operation['parameters'];
  requestBody?: { content: Record<string, { schema: object; examples?: Record<string, { value: unknown }> }> };
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

export interface ApiDocument {
  readonly paths: Record<string, Record<string, RawOperation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

export function operationsOf(document: ApiDocument): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Operation => {
      const body = operation.requestBody?.content['application/json'];
      return {
        method: method.toUpperCase(),
        path,
        roles: operation['x-roles'] ?? [],
        parameters: operation.parameters ?? [],
        ...(body ? { body: { schema: body.schema, examples: Object.values(body.examples ?? {}).map(({ value }) => value) } } : {}),
        responses: new Map(Object.entries(operation.responses).map(([status, { content = {} }]) => [Number(status), new Map(Object.entries(content).map(([type, { schema }]) => [type, schema]))])),
      };
    }),
  );
}
