import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod, type Type } from '@nestjs/common';
import { BoopError } from '@boop/shared';
import { ACCESS, type Access } from '../../access/declare.ts';
import { type ApiDescription } from './route.ts';

/** `get /v1/authentications/{id}` and who may call it. */
export interface ServedRoute {
  readonly method: string;
  readonly path: string;
  /** Undefined: declared for nobody. */
  readonly access: Access | undefined;
}

/** What the controllers serve, by their decorators. */
export function servedRoutes(controllers: readonly Type[]): ServedRoute[] {
  return controllers.flatMap((controller) => {
    const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
    return handlersOf(controller).map((handler) => ({
      method: RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]!.toLowerCase(),
      path: documentPath(prefix, Reflect.getMetadata(PATH_METADATA, handler) as string),
      access: Reflect.getMetadata(ACCESS, handler) as Access | undefined,
    }));
  });
}

/**
 * Every handler has its row with the same roles, and every row its handler, so that the document says what the server does.
 * @throws BoopError `config.invalid`
 */
export function assertDescribed(controllers: readonly Type[], apis: readonly ApiDescription[]): void {
  const rows = new Map(apis.flatMap(({ routes }) => routes).map((route) => [`${route.method} ${route.path}`, route]));
  for (const { method, path, access } of servedRoutes(controllers)) {
    const name = `${method} ${path}`;
    const row = rows.get(name);
    if (!row) throw undescribed(`${name} has no row in the API description`);
    if (access === undefined) throw undescribed(`${name} declares neither roles nor that it is public`);
    const declared = access === 'public' ? [] : access;
    if ([...declared].sort().join() !== [...row.roles].sort().join()) throw undescribed(`${name} is described with other roles than it declares`);
    rows.delete(name);
  }
  for (const name of rows.keys()) throw undescribed(`${name} is described and not served`);
}

function handlersOf(controller: Type): object[] {
  const prototype = controller.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype)
    .map((name) => prototype[name])
    .filter((value): value is object => typeof value === 'function' && Reflect.hasMetadata(METHOD_METADATA, value));
}

const documentPath = (prefix: string, path: string): string =>
  `/${[prefix, path].flatMap((part) => part.split('/')).filter((part) => part !== '').map((part) => (part.startsWith(':') ? `{${part.slice(1)}}` : part)).join('/')}`;

const undescribed = (message: string): BoopError => new BoopError('config.invalid', message, { kind: 'fatal' });
