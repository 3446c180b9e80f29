import { describe, expect, test } from '@jest/globals';
import { Controller, Get, Param, Post } from '@nestjs/common';
import { Public, Roles } from '../../access/index.ts';
import { assertDescribed, servedRoutes } from './described.ts';
import { type Route } from './route.ts';

@Controller('v1/things')
class Things {
  @Get(':id/parts/:part')
  @Roles('vendor', 'admin')
  read(@Param('id') id: string): string {
    return id;
  }

  @Post()
  @Public()
  create(): void {}
}

@Controller('v1/other')
class Forgotten {
  @Get()
  open(): void {}
}

const row = (method: Route['method'], path: string, roles: Route['roles']): Route => ({ method, path, summary: '', roles, answers: {}, codes: [] });
const rows = [row('get', '/v1/things/{id}/parts/{part}', ['admin', 'vendor']), row('post', '/v1/things', [])];
const check = (routes: readonly Route[], ...controllers: (typeof Things | typeof Forgotten)[]) => () => assertDescribed(controllers, [{ schemas: {}, routes }]);

describe('what is served is what is described', () => {
  test('by decorators', () => {
    expect(servedRoutes([Things])).toEqual([
      { method: 'get', path: '/v1/things/{id}/parts/{part}', access: ['vendor', 'admin'] },
      { method: 'post', path: '/v1/things', access: 'public' },
    ]);
    expect(check(rows, Things)).not.toThrow();
  });

  test.each<[string, readonly Route[], string]>([
    ['a handler without a row', rows.slice(1), 'has no row'],
    ['a row without a handler', [...rows, row('get', '/v1/nothing', [])], 'is described and not served'],
    ['a row with another role', [row('get', '/v1/things/{id}/parts/{part}', ['vendor']), rows[1]!], 'with other roles'],
    ['a row that opens what needs a role', [row('get', '/v1/things/{id}/parts/{part}', []), rows[1]!], 'with other roles'],
  ])('%s keeps the gateway from starting', (_name, routes, message) => {
    expect(check(routes, Things)).toThrow(message);
  });

  test('a handler that declares nobody keeps the gateway from starting, also when it is described', () => {
    expect(check([...rows, row('get', '/v1/other', [])], Things, Forgotten)).toThrow('declares neither roles nor that it is public');
  });
});
