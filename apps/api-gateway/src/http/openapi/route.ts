import { type ProblemCode } from '@boop/protocol';
import { type z } from 'zod';
import { type Role } from '../../access/roles.ts';

/** One operation of the document, by which requests are told what to expect and the role matrix is checked. */
export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With parameters in braces, as OpenAPI writes them. */
  readonly path: string;
  readonly summary: string;
  /** Empty: open to everybody. */
  readonly roles: readonly Role[];
  /** Name of a schema of the description. */
  readonly body?: string;
  /** Query parameters, an object schema of texts. */
  readonly query?: z.ZodObject;
  /** Whether an `Idempotency-Key` is honoured (on a POST, when not given) or required. */
  readonly idempotency?: 'required' | 'honoured' | 'none';
  /** Status → name of a schema; undefined for an answer without one. */
  readonly answers: Readonly<Record<number, string | undefined>>;
  /** Media type of the answers when it isn't `application/json`. */
  readonly mediaType?: string;
  readonly codes: readonly ProblemCode[];
  /** Example bodies of the request, each valid. */
  readonly examples?: Readonly<Record<string, unknown>>;
}

/** The rows of one feature and the schemas that they name; names are unique over the gateway. */
export interface ApiDescription {
  readonly schemas: Readonly<Record<string, z.ZodType>>;
  readonly routes: readonly Route[];
}

/** Codes of every route that needs a credential. */
export const keyed: readonly ProblemCode[] = ['request.unauthenticated', 'request.forbidden', 'request.rate-limited'];
/** Codes of a POST that honours `Idempotency-Key`. */
export const idempotent: readonly ProblemCode[] = ['idempotency.in-flight', 'idempotency.other-body'];
