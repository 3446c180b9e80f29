import { interactionPolicy } from 'oidc-provider';

/**
 * One prompt: sign in. There is no single sign-on, so nobody is recognised at one vendor by what was done at another, and every request
 * takes a sign-in of its own; and no consent screen, since a token tells nothing but the pairwise subject. The provider's checks of
 * `claims` and hints stay.
 */
export function signInEveryTime(): interactionPolicy.DefaultPolicy {
  const { Check, base } = interactionPolicy;
  const policy = base();
  policy.remove('consent');
  const login = policy.get('login')!;
  login.checks.remove('no_session');
  login.checks.remove('max_age');
  login.checks.add(
    new Check('no_session', 'every request takes a sign-in of its own', 'login_required', ({ oidc }) => (oidc.result?.login ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT)),
    0,
  );
  return policy;
}
