import { subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { type Alteration, alterations, meddle, Recording } from '@boop/testing';
import { type Ending, type LocalLie, type Scenario } from './malice-scenarios.ts';

/** One lie: who tells it, and where. */
export interface Lie {
  readonly scenario: Scenario;
  readonly liars: readonly PartyId[];
  readonly what: Alteration | LocalLie;
  readonly round: number | undefined;
  readonly towards: 'all' | 'one';
  /** Its place among all lies of the scenario, from 1: what is drawn by chance follows from it. */
  readonly seed: number;
}

export const resultKinds = ['unharmed', 'named', 'refused', 'stalled', 'turned'] as const;
export type ResultKind = (typeof resultKinds)[number];

/** What came of one lie, over all honest parties. */
export interface Result {
  readonly lie: Lie;
  /** Messages that arrived as others than were sent; local lies count as one. */
  readonly told: number;
  readonly kind: ResultKind;
  readonly codes: readonly string[];
  readonly blamed: readonly PartyId[];
  readonly endings: ReadonlyMap<PartyId, Ending>;
}

const RECORDED_SEED = 999_983;
const recordings = new Map<Scenario, Recording>();

/** An honest run, for the rounds of each party and as a source of messages of another run. */
export function recordingOf(scenario: Scenario): Recording {
  const existing = recordings.get(scenario);
  if (existing) return existing;
  const recording = new Recording();
  scenario.run(recording.tamper, { liars: [] }, RECORDED_SEED);
  recordings.set(scenario, recording);
  return recording;
}

/** Every lie in every round in which a liar sends, and every local one, by each set of liars. */
export function liesOf(scenario: Scenario): Lie[] {
  const recording = recordingOf(scenario);
  const lies = subsets([...scenario.parties], scenario.threshold).flatMap((liars): Omit<Lie, 'seed'>[] => {
    const rounds = [...new Set(liars.flatMap((liar) => recording.roundsOf(liar)))];
    const told = rounds.flatMap((round) => alterations.flatMap((what) => (['all', 'one'] as const).map((towards) => ({ scenario, liars, what, round, towards }))));
    return [...told, ...scenario.localLies.map((what) => ({ scenario, liars, what, round: undefined, towards: 'all' as const }))];
  });
  return lies.map((lie, i) => ({ ...lie, seed: i + 1 }));
}

/**
 * What is wrong with a result: an honest party was blamed, or one decided wrongly where nobody who decides lies. The latter is why a family
 * of committees never accepts falsely. Keys and checks of splits are never wrong, whoever of t lies, and c can't be shifted unseen.
 */
export function faultOf({ lie: { scenario, liars, what }, blamed, kind }: Result): string | undefined {
  const framed = blamed.filter((party) => !liars.includes(party));
  if (framed.length > 0) return `blames ${framed.join()}`;
  // Of scores that don't lie on a word, with 3t+2 points the liar is known, if it is one.
  if (what.startsWith('products') && kind !== 'named' && (kind !== 'refused' || scenario.nodes >= 3 * scenario.threshold + 1 + liars.length)) return 'lets c be shifted';
  const mayTurn = scenario.committee?.some((party) => liars.includes(party)) ?? false;
  return kind === 'turned' && !mayTurn ? 'decides wrongly' : undefined;
}

export function tell(lie: Lie): Result {
  const { scenario, liars, what, round, towards, seed } = lie;
  let told = 0;
  const local = round === undefined;
  const otherRun = recordingOf(scenario);
  const endings = local
    ? scenario.run((_from, _to, payload) => payload, { liars, lie: what as LocalLie }, seed)
    : scenario.run(meddle({ liars, alteration: what as Alteration, round, towards, seed, otherRun }, () => (told += 1)), { liars }, seed);
  const honest = [...endings].filter(([party]) => !liars.includes(party)).map(([, ending]) => ending);
  const aborts = honest.flatMap((ending) => (ending.kind === 'abort' ? [ending] : []));
  const blamed = [...new Set(aborts.flatMap(({ blame }) => blame))];
  const kind = honest.some((ending) => ending.kind === 'wrong') ? 'turned' : blamed.length > 0 ? 'named' : aborts.length > 0 ? 'refused' : honest.some((ending) => ending.kind === 'stalled') ? 'stalled' : 'unharmed';
  return { lie, told: local ? 1 : told, kind, codes: [...new Set(aborts.map(({ code }) => code))], blamed, endings };
}
