/** A quota of a window of time, as `RateLimit-Policy` names it. */
export interface LimitPolicy {
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
}

export type NamedLimit = 'user-operations' | 'deletions' | 'subject-reads' | 'pairing';

/** What one credential may do beside its general quota; several windows hold together. */
export const namedLimits: Readonly<Record<NamedLimit, readonly LimitPolicy[]>> = {
  'user-operations': [{ name: 'user-operations', quota: 50, windowSeconds: 60 }],
  deletions: [
    { name: 'deletions', quota: 10, windowSeconds: 60 },
    { name: 'deletions-hour', quota: 100, windowSeconds: 3_600 },
  ],
  'subject-reads': [{ name: 'subject-reads', quota: 500, windowSeconds: 3_600 }],
  pairing: [{ name: 'pairing', quota: 10, windowSeconds: 60 }],
};

/** Of a policy what is left, after a request was counted. */
export interface LimitState {
  readonly policy: LimitPolicy;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). */
export const limitHeaders = ({ policy, remaining, resetSeconds }: LimitState): Record<string, string> => ({
  'ratelimit-policy': `"${policy.name}";q=${policy.quota};w=${policy.windowSeconds}`,
  ratelimit: `"${policy.name}";r=${remaining};t=${resetSeconds}`,
});
