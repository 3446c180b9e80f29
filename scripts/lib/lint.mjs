import { exec, quietly } from './steps.mjs';

/** Lint with the boundaries between layers: the rule reads the project graph, which must exist first. */
export async function lint() {
  await quietly('nx', ['show', 'projects']);
  return exec('eslint', ['.', '--max-warnings', '0']);
}
