import { isBoopError } from '@boop/shared';

/** The first place that is not as it must be, and the rule that it breaks. */
export class Finding extends Error {
  readonly place: string;
  readonly rule: string;

  constructor(place: string, rule: string) {
    super(`${place}: ${rule}`);
    this.place = place;
    this.rule = rule;
  }
}

export function demand(holds: boolean, place: string, rule: string): asserts holds {
  if (!holds) throw new Finding(place, rule);
}

/** A refusal by a verifier becomes a finding; its code is the rule. */
export async function at<T>(place: string, verify: () => T | Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    throw isBoopError(error) ? new Finding(place, `${error.code}: ${error.message}`) : error;
  }
}
