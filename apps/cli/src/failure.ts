import { getSystemErrorMessage } from 'node:util';
import { isBoopError } from '@boop/shared';
import { z } from 'zod';

/** What to tell the person who typed a command that failed; nothing for a fault of the program itself. */
export function sentenceFor(error: unknown): string | undefined {
  if (isBoopError(error)) return error.message;
  if (error instanceof z.ZodError) return error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
  return isSystemError(error) ? `${error.path ?? error.syscall}: ${getSystemErrorMessage(error.errno)}` : undefined;
}

interface SystemError {
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;
}

const isSystemError = (error: unknown): error is SystemError => typeof error === 'object' && error !== null && 'errno' in error && typeof error.errno === 'number' && 'syscall' in error && typeof error.syscall === 'string';
