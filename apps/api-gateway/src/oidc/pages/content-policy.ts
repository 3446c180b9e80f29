/** Pages of the provider: their own style sheet, forms, and the one inline script that the provider names by its hash. */
export const providerPolicy: Readonly<Record<string, string>> = {
  // No `form-action`: browsers apply it to redirects too, and a sign-in ends with one to the relying party.
  'content-security-policy': "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The sign-in page. Its forms end at the gateway or, by redirect, at the relying party's origin. */
export const loginPolicy = (redirectOrigin: string | undefined): string =>
  `default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'${redirectOrigin === undefined ? '' : ` ${redirectOrigin}`}; base-uri 'none'; frame-ancestors 'none'`;
