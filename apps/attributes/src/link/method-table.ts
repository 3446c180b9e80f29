import { BoopError } from '@boop/shared';
import { type z } from 'zod';

type MethodTable = Readonly<Record<string, { readonly body: z.ZodType; readonly answer: z.ZodType }>>;
export type TableHandlers<Table extends MethodTable> = { readonly [M in keyof Table]: (body: z.output<Table[M]['body']>) => Promise<z.input<Table[M]['answer']>> };

/** Methods of a link by name; each checks its body. */
export type MethodHandlers = Readonly<Record<string, (body: unknown) => Promise<unknown>>>;

/** Handlers that take bodies in the documented form only. */
export function checked<Table extends MethodTable>(table: Table, handlers: TableHandlers<Table>): MethodHandlers {
  const wrap = (method: keyof Table & string) => async (body: unknown): Promise<unknown> => {
    const parsed = table[method]!.body.safeParse(body);
    if (!parsed.success) throw new BoopError('request.malformed', 'the request does not have the documented form');
    return await (handlers[method] as (body: unknown) => Promise<unknown>)(parsed.data);
  };
  return Object.fromEntries(Object.keys(table).map((method) => [method, wrap(method)]));
}

/** @throws BoopError `link.unknown-method` */
export async function serve(handlers: MethodHandlers, method: string, body: unknown): Promise<unknown> {
  if (!Object.hasOwn(handlers, method)) throw new BoopError('link.unknown-method', 'no such method for this peer');
  return await handlers[method]!(body);
}
