import { BoopError } from '@boop/shared';
import { type z } from 'zod';

export interface FieldProblem {
  /** RFC 6901 pointer of a field that the schema knows. */
  readonly pointer: string;
  readonly detail: string;
}

/** `request.malformed` with the fields that were refused; never their values. */
export class InvalidRequest extends BoopError {
  readonly errors: readonly FieldProblem[];
  constructor(errors: readonly FieldProblem[]) {
    super('request.malformed', 'the request does not have the documented form');
    this.errors = errors;
  }
}

/**
 * U+0000 is refused wherever it stands: PostgreSQL stores no text that holds it, and no field means anything by it.
 * @throws InvalidRequest
 */
export function parseRequest<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new InvalidRequest(problemsOf(parsed.error.issues, []));
  const withNul = [...pathsWithNul(parsed.data, [])];
  if (withNul.length > 0) throw new InvalidRequest(withNul.map((path) => ({ pointer: pointerOf(path), detail: 'holds a NUL character' })));
  return parsed.data;
}

/** Where texts with U+0000 stand; of a key that holds one, the object. */
function* pathsWithNul(value: unknown, path: readonly PropertyKey[]): Generator<readonly PropertyKey[]> {
  if (typeof value === 'string') {
    if (value.includes('\0')) yield path;
  } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const [key, part] of Object.entries(value)) {
      if (key.includes('\0')) yield path;
      else yield* pathsWithNul(part, [...path, key]);
    }
  }
}

/** The details are ours: a schema library's messages name keys and values of the input. */
function problemsOf(issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[]): FieldProblem[] {
  return issues.flatMap((issue): FieldProblem[] => {
    const path = [...base, ...issue.path];
    if (issue.code === 'invalid_union' && issue.errors.length) return problemsOf(closestBranch(issue.errors), path);
    return [{ pointer: pointerOf(path), detail: detailOf(issue) }];
  });
}

/** Of a union's branches the one that got furthest into the input. */
function closestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const cost = (issues: readonly z.core.$ZodIssue[]): number => issues.filter(({ code, path }) => path.length <= 1 || code === 'unrecognized_keys').length;
  return [...branches].sort((a, b) => cost(a) - cost(b))[0]!;
}

function detailOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'has a field that is not documented';
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${issue.expected}`;
    case 'too_big':
      return 'is too large or too long';
    case 'too_small':
      return 'is too small or too short';
    case 'invalid_value':
      return 'is not one of the documented values';
    default:
      return 'does not have the documented form';
  }
}

const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
