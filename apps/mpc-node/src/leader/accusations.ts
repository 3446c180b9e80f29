import { type Accusation, disagreements } from '@boop/mpc';
import { isBoopError, type PartyId } from '@boop/shared';
import { type RunTranscript } from '../link/run-transcripts.ts';
import { type Attempt } from './attempts.ts';

/**
 * What follows from the runs of one session, as sets that each hold a liar. Silence accuses nobody: a node that is slow or down does not
 * lie.
 * @param transcripts of the attempts' holders, their signatures verified
 * @param splitPassed whether the split passed its check: on shares off their polynomial honest nodes disagree
 * @param leader who opened the session, and could have opened it differently at different nodes
 */
export function accusationsOf(attempts: readonly Attempt[], transcripts: readonly RunTranscript[], session: { readonly splitPassed: boolean; readonly leader: PartyId }): Accusation[] {
  if (!session.splitPassed) return [];
  return attempts.flatMap((attempt) => accusationsOfRun(attempt, transcripts.filter(({ runId }) => runId === attempt.runId), session.leader)).concat(answersOf(attempts).flatMap(disagreements));
}

/** Committees' answers, by question. An identification answers for the row that it names, too. */
function answersOf(attempts: readonly Attempt[]): { committee: readonly PartyId[]; answer: string }[][] {
  const questions = new Map<string, { committee: readonly PartyId[]; answer: string }[]>();
  const note = (question: string, committee: readonly PartyId[], answer: string): void => void questions.set(question, [...(questions.get(question) ?? []), { committee, answer }]);
  for (const { result, operation, row, committee } of attempts) {
    if (!('certified' in result)) continue;
    const { decision } = result.certified.statement;
    note(`${operation} ${row ?? ''}`, committee, JSON.stringify(decision));
    if (decision.kind === 'one') note(`verify ${decision.row}`, committee, JSON.stringify({ kind: 'bit', bit: true }));
  }
  return [...questions.values()];
}

function accusationsOfRun({ committee, holders, result }: Attempt, transcripts: readonly RunTranscript[], leader: PartyId): Accusation[] {
  const accusations: Accusation[] = [];
  for (const { party, outcome } of transcripts) {
    if (outcome.kind !== 'aborted') continue;
    if (outcome.blame.length > 0) accusations.push([party, ...(outcome.blame as PartyId[])] as PartyId[]);
    else if (outcome.code === 'comparison.other-run') accusations.push([...new Set([...holders, leader])]);
    else accusations.push(outcome.code === 'comparison.inconsistent-word' ? holders : committee);
  }
  const decided = new Set(transcripts.flatMap(({ outcome }) => (outcome.kind === 'decided' ? [JSON.stringify(outcome.decision)] : [])));
  if (decided.size > 1 || ('error' in result && isBoopError(result.error) && result.error.code === 'mpc.disagreement')) accusations.push(committee);
  return [...accusations, ...quarrels(transcripts)];
}

/** Pairs of whom one says that it sent what the other says that it did not receive. Of a run that broke off, what came last may not have arrived. */
function quarrels(transcripts: readonly RunTranscript[]): Accusation[] {
  const linkOf = (from: RunTranscript, to: number) => from.links.find(({ party }) => party === to);
  return transcripts.flatMap((a, i) =>
    transcripts.slice(i + 1).flatMap((b): Accusation[] => {
      const [ab, ba] = [linkOf(a, b.party), linkOf(b, a.party)];
      const same = agree(ab?.sent ?? [], ba?.received ?? []) && agree(ba?.sent ?? [], ab?.received ?? []);
      return same ? [] : [[a.party as PartyId, b.party as PartyId]];
    }),
  );
}

const agree = (sent: readonly string[], received: readonly string[]): boolean => received.length <= sent.length && received.every((hash, at) => hash === sent[at]);
