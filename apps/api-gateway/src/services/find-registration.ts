import { sessionIdOf } from '@boop/identity';
import { type NetworkManifest } from '@boop/protocol';
import { equalBytes, isBoopError } from '@boop/shared';
import { checkRegistrationAnswer, type VerifyEd25519 } from '../domain/check-answer.ts';
import { type OutboxEntry } from '../domain/events.ts';
import { type RegistrationRecord } from '../domain/registration.ts';
import { type NodePool } from '../nodes/node-pool.ts';

const askTimeoutMs = 3_000;

/** What the nodes have stored, checked, with the log entries that follow from it. */
export interface StoredRegistration {
  readonly verified: boolean;
  readonly outbox: OutboxEntry;
  readonly consent: OutboxEntry;
}

/**
 * Asks all nodes what became of a registration whose answer was lost. A node gives a certificate of all N before it counts a registration, so one
 * node that holds nothing, durably, is enough to know that nothing is stored, once nobody leads it any more.
 * @param input.leader may still be at work where it can't be reached; left out once its time is over
 * @returns `open` while too few nodes can tell
 */
export async function findRegistration(
  { context, consent }: Pick<RegistrationRecord, 'context' | 'consent'>,
  { nodes, manifest, verify, leader }: { nodes: Pick<NodePool, 'ask' | 'live'>; manifest: NetworkManifest; verify: VerifyEd25519; leader: number | undefined },
): Promise<StoredRegistration | 'none' | 'open'> {
  const sessionId = sessionIdOf(context);
  const parties = nodes.live();
  const asked = await Promise.all(parties.map(async (party) => await nodes.ask(party, 'registration.find', { session: sessionId }, askTimeoutMs).catch(() => undefined)));
  const answers = asked.flatMap((answer, at) => (answer ? [{ party: parties[at]!, answer }] : []));
  const stored = answers.flatMap(({ answer }) => (answer.state === 'stored' ? [answer] : []));
  for (const { entry, verified } of stored) {
    const receipts = stored.filter((other) => equalBytes(other.entry, entry)).map(({ receipt }) => receipt);
    try {
      return { verified, ...checkRegistrationAnswer({ entry, verified, receipts }, { sessionId, consent: consent!, manifest, verify }) };
    } catch (error) {
      // Too few have it yet, or this node lies.
      if (!isBoopError(error)) throw error;
    }
  }
  const isLed = leader !== undefined && !answers.some(({ party, answer }) => party === leader && answer.state === 'none');
  // More than t, since as many may lie.
  const none = answers.filter(({ answer }) => answer.state === 'none').length;
  return none > manifest.threshold && stored.length <= manifest.threshold && !isLed ? 'none' : 'open';
}
