import { type AuthenticationContext } from '@boop/identity';
import { type CreateAuthentication } from '@boop/protocol';
import { InvalidRequest } from './invalid-request.ts';

/** What a context holds, `attributes` of `authenticationContextSchema`. */
const requiredMax = 16;
/** Whoever gets one of these can tell any age. */
const tellEveryAge: readonly string[] = ['birth_date', 'age_years'];

/** The one attribute that answers for an age and tells no more. Other ages than 18 are the network's to define, named as in ISO/IEC 18013-5. */
const ageAttribute = (years: number): string => (years === 18 ? 'is_adult' : `age_over_${years}`);

/**
 * What the nodes hold a person to: the attributes that the vendor names, and the one that answers for `minimumAge`. They see that it is there, valid
 * and consented to; its value opens to the vendor alone.
 * @throws InvalidRequest where there is no room for the age
 */
export function attributesOf({ minimumAge, requiredAttributes, optionalAttributes }: CreateAuthentication): AuthenticationContext['attributes'] {
  if (minimumAge === undefined && !requiredAttributes && !optionalAttributes) return undefined;
  const named = requiredAttributes ?? [];
  const optional = optionalAttributes ?? [];
  const age = minimumAge === undefined ? undefined : ageAttribute(minimumAge);
  if (age === undefined || named.includes(age) || named.some((name) => tellEveryAge.includes(name))) return { required: named, optional };
  if (named.length === requiredMax) throw new InvalidRequest([{ pointer: '/requiredAttributes', detail: `leaves no room for ${age}, which minimumAge asks for` }]);
  return { required: [...named, age], optional };
}
