export const CONSENTS = Symbol('consents');
export const CONSENT_EVENTS = Symbol('consent events');
