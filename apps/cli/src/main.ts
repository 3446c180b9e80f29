#!/usr/bin/env node
import { isBoopError } from '@boop/shared';
import { boopProgram } from './program.ts';

try {
  await boopProgram().parseAsync();
} catch (error) {
  if (!isBoopError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
