import { type LogProof } from '@boop/protocol';

/** One probe and what became of it. */
export interface ProbeResult {
  readonly probe: string;
  readonly palm: string;
  readonly expected: 'accept' | 'reject';
  /** `error`: the network did not decide; `error` then names the code. */
  readonly decision: 'accept' | 'reject' | 'error';
  readonly error?: string;
  readonly verified: boolean;
  readonly milliseconds: number;
  readonly idToken?: string;
  /** Pairwise pseudonym of whom the network recognised. */
  readonly sub?: string;
  readonly logEntry?: string;
}

/** What the demo writes: enough to check everything from outside. */
export interface DemoReport {
  readonly nodes: number;
  readonly threshold: number;
  readonly registered: number;
  readonly genuine: { readonly tried: number; readonly accepted: number };
  readonly impostor: { readonly tried: number; readonly accepted: number };
  readonly duplicates: { readonly tried: number; readonly refused: number };
  /** Of genuine probes, from the capture's presentation until the vendor holds the verified result. */
  readonly authenticateMs: { readonly p50: number; readonly p95: number };
  readonly tokensVerified: number;
  readonly proofsVerified: number;
  readonly results: readonly (Omit<ProbeResult, 'logEntry'> & { readonly logProof: LogProof | null })[];
  readonly jwksUrl: string;
  readonly checkpointKey: string;
}

export interface DemoFacts extends Pick<DemoReport, 'nodes' | 'threshold' | 'registered' | 'duplicates' | 'jwksUrl' | 'checkpointKey'> {
  readonly results: readonly ProbeResult[];
  /** Verified proofs by log entry. */
  readonly proofs: ReadonlyMap<string, LogProof>;
}

export function reportOf({ results, proofs, ...facts }: DemoFacts): DemoReport {
  const count = (expected: ProbeResult['expected']) => {
    const tried = results.filter((result) => result.expected === expected);
    return { tried: tried.length, accepted: tried.filter(({ decision }) => decision === 'accept').length };
  };
  // A refusal costs much less than an acceptance, so only registered palms' times are told.
  const genuineMs = results.filter(({ expected, decision }) => expected === 'accept' && decision !== 'error').map(({ milliseconds }) => milliseconds);
  const withProofs = results.map(({ logEntry, ...result }) => ({ ...result, logProof: (logEntry === undefined ? undefined : proofs.get(logEntry)) ?? null }));
  return {
    nodes: facts.nodes,
    threshold: facts.threshold,
    registered: facts.registered,
    genuine: count('accept'),
    impostor: count('reject'),
    duplicates: facts.duplicates,
    authenticateMs: { p50: percentile(genuineMs, 0.5), p95: percentile(genuineMs, 0.95) },
    tokensVerified: results.filter(({ idToken }) => idToken !== undefined).length,
    proofsVerified: withProofs.filter(({ logProof }) => logProof !== null).length,
    results: withProofs,
    jwksUrl: facts.jwksUrl,
    checkpointKey: facts.checkpointKey,
  };
}

/** Nearest rank, rounded to a tenth of a millisecond; 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return Math.round(value * 10) / 10;
}

/** Palms with more than one pseudonym, or with that of another palm: accepted, but not as the right person. */
export function confusions(results: readonly Pick<ProbeResult, 'palm' | 'sub'>[]): number {
  const subsOf = new Map<string, Set<string>>();
  const palmsOf = new Map<string, Set<string>>();
  for (const { palm, sub } of results) {
    if (sub === undefined) continue;
    subsOf.set(palm, (subsOf.get(palm) ?? new Set()).add(sub));
    palmsOf.set(sub, (palmsOf.get(sub) ?? new Set()).add(palm));
  }
  return [...subsOf.values()].filter((subs) => subs.size > 1 || [...subs].some((sub) => palmsOf.get(sub)!.size > 1)).length;
}

/** What is not as it should be, in words; empty when the demo succeeded. */
export function shortcomings(report: DemoReport): string[] {
  const { genuine, impostor, duplicates, results, tokensVerified, proofsVerified } = report;
  const checks: [boolean, string][] = [
    [genuine.accepted < genuine.tried, `${genuine.tried - genuine.accepted} registered palms were not recognised`],
    [impostor.accepted > 0, `${impostor.accepted} strangers were accepted`],
    [duplicates.refused < duplicates.tried, `${duplicates.tried - duplicates.refused} palms could be registered twice`],
    [tokensVerified < genuine.accepted + impostor.accepted, 'not every token verified'],
    [proofsVerified < results.length, `${results.length - proofsVerified} results have no verified log proof`],
    [confusions(results) > 0, `${confusions(results)} palms were taken for somebody else`],
    [results.some(({ decision }) => decision === 'error'), `${results.filter(({ decision }) => decision === 'error').length} probes ended without a decision`],
  ];
  return checks.flatMap(([failed, words]) => (failed ? [words] : []));
}
