import { type Provider, type Type } from '@nestjs/common';
import { type PeerRole } from '@boop/platform';
import { type FastifyInstance } from 'fastify';
import { type z } from 'zod';
import { type Authenticator } from '../access/authenticator.ts';
import { type ApiDescription } from '../http/openapi/route.ts';

/** A method of the internal link. The body is checked by the schema before `answer` sees it. */
export interface LinkMethod<Schema extends z.ZodType = z.ZodType> {
  readonly body: Schema;
  answer(body: z.output<Schema>): Promise<unknown>;
  /** Who may ask; the bridge when not given. */
  readonly peers?: readonly PeerRole[];
}

/** Types `answer` by its schema. */
export const linkMethod = <Schema extends z.ZodType>(method: LinkMethod<Schema>): LinkMethod => method as unknown as LinkMethod;

/** Work that is repeated, one run at a time; a run that fails is logged and the next one comes as usual. */
export interface RepeatedJob {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

/**
 * One concern of the gateway: what it serves, what it repeats, how it starts and ends. `features.ts` lists them all; nothing else of the
 * wiring names one.
 */
export interface Feature {
  readonly name: string;
  /** NestJS controllers. Each handler declares `Roles(...)` or `Public()` and has its row in `api`, or the gateway refuses to start. */
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Rows of the OpenAPI document. */
  readonly api?: ApiDescription;
  /** Methods of the internal link by name. */
  readonly linkMethods?: Readonly<Record<string, LinkMethod>>;
  readonly jobs?: readonly RepeatedJob[];
  /** Further kinds of credentials, asked in the order of the features. */
  readonly authenticators?: readonly Authenticator[];
  /** Mounts what speaks HTTP by itself; called before the controllers' routes are added. Roles and the document don't reach there. */
  mount?(server: FastifyInstance): void | Promise<void>;
  /** Called once, before the server listens, in the order of the list. */
  start?(): Promise<void>;
  /** Called when the server has closed, in the reverse order. */
  stop?(): Promise<void>;
}
