import { roles } from './roles.ts';

interface Row {
  readonly method: string;
  readonly path: string;
  readonly roles: readonly string[];
}

/** The matrix of docs/api/roles.md. */
export function roleMatrix(operations: readonly Row[]): string {
  const rows = [...operations].sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));
  return [
    '# Roles and routes',
    '',
    'What each role may ask of the gateway; what is not marked is refused with `request.forbidden`, and without a credential with `request.unauthenticated`. Routes for everybody check what',
    'stands in their body (a signed document, for most). A vendor, a terminal and a person reach their own resources only; another’s is `request.not-found`, as is none.',
    '',
    'A test holds this table against the document that the gateway serves and against what it does; `UPDATE_ROLES=1` writes it anew:',
    '`UPDATE_ROLES=1 NODE_OPTIONS=--experimental-vm-modules npx jest -c apps/api-gateway/jest.config.mjs role-matrix`.',
    '',
    `| Operation | everybody | ${roles.join(' | ')} |`,
    `| --- | ${['everybody', ...roles].map(() => ':-:').join(' | ')} |`,
    ...rows.map((row) => `| \`${row.method} ${row.path}\` | ${[row.roles.length === 0, ...roles.map((role) => row.roles.includes(role))].map((may) => (may ? '●' : '')).join(' | ')} |`),
    '',
  ].join('\n');
}
