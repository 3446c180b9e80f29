import { type PartyId } from '@boop/shared';
import { coverageOf } from '../committees/run-plan.ts';
import { statementOf } from '../committees/run-service.ts';
import { type CertifiedStatement, type RunRequest } from '../link/peer-methods.ts';
import { type MemoryNetwork } from './memory-network.ts';

/** Has a committee run what a leader asks for, whoever that is and whatever it has done before. @throws BoopError of the first holder that refuses */
export async function askCommittee(network: MemoryNetwork, leader: PartyId, request: RunRequest): Promise<CertifiedStatement> {
  const answers = await Promise.all(request.holders.map(async (party) => ({ party, ...(await network.node(party).handlers['run.take'](leader, request)) })));
  const { sessions, gallery } = network.node(leader);
  const session = sessions.get(request.splitHash);
  const outcomes = answers.flatMap(({ party, outcome }) => (outcome ? [{ party, ...outcome }] : []));
  const statement = statementOf(session, request, coverageOf(session, gallery, request), outcomes[0]!.decision, gallery);
  return { statement, signatures: outcomes.map(({ party, signature, transcript }) => ({ party, signature, transcript })) };
}
