export const CREDENTIALS = Symbol('credentials');
export const CREDENTIAL_ISSUER = Symbol('issuer of credentials');
