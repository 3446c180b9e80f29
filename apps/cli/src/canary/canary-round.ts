import { type ProbeResult } from '../demo/report.ts';

/** A palm that belongs to nobody, registered like anybody's. Its shares tell a node nothing until it has matched. */
export interface Canary {
  /** Seed of the synthetic palm: secret until the canary has matched. */
  readonly identity: number;
  readonly matches: number;
}

/** What a round of canaries does with the network. */
export interface CanaryNetwork {
  register(identity: number): Promise<void>;
  /** Presents capture number `capture` of the palm. */
  present(identity: number, capture: number): Promise<Pick<ProbeResult, 'decision' | 'error'>>;
}

export interface CanaryOptions {
  readonly count: number;
  /** Matches after which a canary is replaced: the nodes of the committee that found it know its row from then on. */
  readonly matchesMax: number;
  /** Presentations of one canary before a miss is a finding: people are missed now and then too. */
  readonly presentationsMax: number;
  /** Uniform integer below `bound`. */
  readonly below: (bound: number) => number;
}

export type CanaryFinding =
  | { readonly kind: 'found' }
  /** Nobody recognised a registered palm: somebody suppresses matches, or the encoder fails. */
  | { readonly kind: 'suppressed'; readonly presentations: number }
  /** The network gave no answer: says nothing about suppression. */
  | { readonly kind: 'unanswered'; readonly code: string };

/** So many seeds that nobody meets a canary by trying them; the most that a random integer of Node's goes up to. */
const IDENTITIES = 2 ** 48 - 1;
/** Captures of other sessions than the one that was registered. */
const FIRST_CAPTURE = 6;
const CAPTURES = 1000;

/**
 * One check: registers what is missing, presents one canary that no node can tell from a person, and replaces it once it is known.
 * @returns the canaries from now on, and what was found
 */
export async function canaryRound(canaries: readonly Canary[], network: CanaryNetwork, options: CanaryOptions, onChange: (canaries: readonly Canary[]) => Promise<void>): Promise<{ canaries: readonly Canary[]; finding: CanaryFinding }> {
  let current = canaries.filter(({ matches }) => matches < options.matchesMax);
  while (current.length < options.count) {
    const identity = options.below(IDENTITIES);
    await network.register(identity);
    current = [...current, { identity, matches: 0 }];
    await onChange(current);
  }
  const chosen = current[options.below(current.length)]!;
  const finding = await check(chosen, network, options);
  if (finding.kind === 'found') current = current.map((canary) => (canary === chosen ? { ...canary, matches: canary.matches + 1 } : canary));
  await onChange(current);
  return { canaries: current, finding };
}

async function check({ identity }: Canary, network: CanaryNetwork, { presentationsMax, below }: CanaryOptions): Promise<CanaryFinding> {
  for (let presentation = 1; presentation <= presentationsMax; presentation++) {
    const { decision, error } = await network.present(identity, FIRST_CAPTURE + below(CAPTURES));
    if (decision === 'accept') return { kind: 'found' };
    if (decision === 'error') return { kind: 'unanswered', code: error ?? 'unknown' };
  }
  return { kind: 'suppressed', presentations: presentationsMax };
}
