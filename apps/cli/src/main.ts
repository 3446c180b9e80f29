#!/usr/bin/env node
import { sentenceFor } from './failure.ts';
import { withDigestsLast } from './operands.ts';
import { boopProgram } from './program.ts';

try {
  await boopProgram().parseAsync(withDigestsLast(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  const sentence = sentenceFor(error);
  if (sentence === undefined) throw error;
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
