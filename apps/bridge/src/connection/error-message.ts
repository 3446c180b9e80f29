import { unavailableIfOutage } from '@boop/platform';
import { isProblemCode, problems, type ProblemCode } from '@boop/protocol';
import { isBoopError } from '@boop/shared';
import { type ServerMessage } from '../channels/channel.ts';

/** `error` message for anything that was thrown: known codes with their message, anything else without its cause. */
export function errorMessage(thrown: unknown): ServerMessage & { code: ProblemCode } {
  const error = unavailableIfOutage(thrown);
  if (isBoopError(error) && isProblemCode(error.code)) return { type: 'error', code: error.code, message: error.message, retryAllowed: error.retryAllowed || problems[error.code].retry };
  return { type: 'error', code: 'service.internal', message: problems['service.internal'].title, retryAllowed: true };
}
