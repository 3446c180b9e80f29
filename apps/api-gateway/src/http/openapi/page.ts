import { createHash } from 'node:crypto';

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly 'x-roles'?: readonly string[];
  readonly parameters: readonly { name: string; in: string; required: boolean }[];
  readonly requestBody?: { content: Record<string, { schema?: { $ref?: string }; examples?: Record<string, { value: unknown }> }> };
  readonly responses: Record<string, { description: string; content?: Record<string, { schema?: { $ref?: string } }> }>;
}
interface Document {
  readonly info: { title: string; version: string; description: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, unknown> };
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a2e;background:#fff}
code,pre{font-family:ui-monospace,monospace;font-size:.875rem}pre{background:#f4f4f8;padding:.75rem;overflow:auto;border-radius:.375rem}
details{border:1px solid #d9d9e3;border-radius:.5rem;margin:.5rem 0;padding:.5rem .75rem}summary{cursor:pointer}
.m{display:inline-block;min-width:4rem;font-weight:600;text-transform:uppercase}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #e6e6ee}
@media(prefers-color-scheme:dark){body{color:#e8e8f0;background:#14141c}pre{background:#20202c}details,td,th{border-color:#3a3a4a}a{color:#9ab8ff}}`;

/** Allows the page's one style sheet by its hash, and nothing else. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'`;

/** The document as one HTML page without a script. */
export function openApiPage(document: object): string {
  const { info, paths, components } = document as Document;
  const byTag = new Map<string, string[]>();
  for (const [path, item] of Object.entries(paths))
    for (const [method, operation] of Object.entries(item)) byTag.set(operation.tags[0]!, [...(byTag.get(operation.tags[0]!) ?? []), operationHtml(method, path, operation)]);
  const operations = [...byTag].sort(([a], [b]) => (a < b ? -1 : 1)).map(([tag, rows]) => `<h2 id="${escape(tag)}">${escape(tag)}</h2>${rows.join('')}`);
  const schemas = Object.entries(components.schemas).map(([name, schema]) => `<details id="schema-${escape(name)}"><summary><code>${escape(name)}</code></summary><pre>${json(schema)}</pre></details>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(info.title)}</title><style>${style}</style></head><body><main><h1>${escape(info.title)} ${escape(info.version)}</h1><p>${escape(info.description)} <a href="/openapi.json">openapi.json</a></p>${operations.join('')}<h2 id="schemas">schemas</h2>${schemas.join('')}</main></body></html>`;
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const roles = operation['x-roles']?.join(', ') ?? 'everybody';
  const parameters = operation.parameters.map(({ name, in: place, required }) => `<code>${escape(name)}</code> (${escape(place)}${required ? ', required' : ''})`).join(', ');
  const body = operation.requestBody?.content['application/json'];
  const examples = Object.values(body?.examples ?? {}).map(({ value }) => `<pre>${json(value)}</pre>`).join('');
  const answers = Object.entries(operation.responses).map(([status, { description, content }]) => `<tr><td>${escape(status)}</td><td>${schemaLink(Object.values(content ?? {})[0]?.schema?.$ref) || escape(description)}</td></tr>`);
  return `<details><summary><span class="m">${escape(method)}</span> <code>${escape(path)}</code> ${escape(operation.summary)}</summary><p>For: ${escape(roles)}.${parameters ? ` Parameters: ${parameters}.` : ''}${body ? ` Body: ${schemaLink(body.schema?.$ref)}.` : ''}</p>${examples}<table><thead><tr><th>Status</th><th>Answer</th></tr></thead><tbody>${answers.join('')}</tbody></table></details>`;
}

function schemaLink(reference: string | undefined): string {
  const name = reference?.split('/').at(-1);
  return name === undefined ? '' : `<a href="#schema-${escape(name)}">${escape(name)}</a>`;
}

const json = (value: unknown): string => escape(JSON.stringify(value, null, 2));
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
