import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Layers point inwards only: app -> adapter -> pure. Nothing in production imports testing code. */
const layers = [
  { sourceTag: 'layer:pure', onlyDependOnLibsWithTags: ['layer:pure'] },
  { sourceTag: 'layer:adapter', onlyDependOnLibsWithTags: ['layer:pure', 'layer:adapter'] },
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['layer:pure', 'layer:adapter'] },
  { sourceTag: 'layer:testing', onlyDependOnLibsWithTags: ['layer:pure', 'layer:adapter', 'layer:testing'] },
];

/** Ledger and identity never see the matching engine, nodes never see an encoder; the wire protocol knows only the shared vocabulary. */
const scopes = [
  { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
  { sourceTag: 'scope:log', onlyDependOnLibsWithTags: ['scope:shared', 'scope:log'] },
  { sourceTag: 'scope:identity', onlyDependOnLibsWithTags: ['scope:shared', 'scope:identity'] },
  { sourceTag: 'scope:biometric', onlyDependOnLibsWithTags: ['scope:shared', 'scope:biometric'] },
  { sourceTag: 'scope:mpc', onlyDependOnLibsWithTags: ['scope:shared', 'scope:mpc'] },
  { sourceTag: 'scope:threshold', onlyDependOnLibsWithTags: ['scope:shared', 'scope:threshold'] },
  { sourceTag: 'scope:protocol', onlyDependOnLibsWithTags: ['scope:shared', 'scope:protocol', 'scope:identity'] },
  { sourceTag: 'scope:ledger', notDependOnLibsWithTags: ['scope:mpc', 'scope:biometric'] },
  { sourceTag: 'scope:node', notDependOnLibsWithTags: ['scope:biometric', 'scope:sdk'] },
  { sourceTag: 'scope:attributes', notDependOnLibsWithTags: ['scope:mpc', 'scope:biometric', 'scope:sdk'] },
  { sourceTag: 'scope:bridge', notDependOnLibsWithTags: ['scope:mpc', 'scope:biometric', 'scope:threshold'] },
];

const runtimes = [
  { sourceTag: 'runtime:any', onlyDependOnLibsWithTags: ['runtime:any'] },
  { sourceTag: 'runtime:browser', onlyDependOnLibsWithTags: ['runtime:any', 'runtime:browser'] },
];

const tests = ['**/src/testing/**/*.ts', '**/*.{unit,vector,prop,sim,int,e2e,bench,long,browser}.ts'];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/generated/**', '**/node_modules/**', '.nx/**', '.boop/**', '**/*.d.ts', 'libs/kernels/assembly/**'] },
  { languageOptions: { parser: tseslint.parser }, linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@nx': nx, '@typescript-eslint': tseslint.plugin },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { enforceBuildableLibDependency: false, allow: [], depConstraints: [...layers, ...scopes, ...runtimes] }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      'no-console': 'error',
      'no-debugger': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-var': 'error',
    },
  },
  {
    // Tests may use the testing library and what runs in Node only; everything else holds for them too.
    files: tests,
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { enforceBuildableLibDependency: false, allow: [], depConstraints: [{ sourceTag: '*', onlyDependOnLibsWithTags: ['layer:pure', 'layer:adapter', 'layer:testing'] }] },
      ],
    },
  },
  {
    // Pure libraries compute: no clock, no randomness of their own, no process, no node:*.
    files: ['libs/{shared,field,kernels,mpc,threshold,biometric,log,accounts,identity,protocol}/src/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*'], message: 'A pure library runs anywhere.' }] }],
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setTimeout', 'setInterval', 'crypto', 'fetch', 'performance'],
      'no-restricted-syntax': [
        'error',
        { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Randomness is an argument.' },
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Time is an argument.' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is an argument.' },
      ],
    },
  },
  { files: ['apps/cli/**', 'scripts/**', 'bench/**', ...tests], rules: { 'no-console': 'off' } },
);
