import { type AuthenticationContext, parseTokenClaims } from '@boop/identity';
import { type SealedSplit } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type NodeAnswer } from '../nodes/node-link.ts';
import { type NodePool } from '../nodes/node-pool.ts';

/** Money of a context: reserved before the nodes sign. */
export interface PaymentPort {
  /** @returns the payment's id; undefined when the payer hasn't got it @throws BoopError `log.unavailable` */
  reserve(sessionId: string, context: AuthenticationContext, sub: string): Promise<string | undefined>;
  /** Gives it back, at once or later; never throws. */
  abandon(paymentId: string): Promise<void>;
}

export type PaidAnswer = { readonly answer: NodeAnswer<'authentication.run'>; readonly paymentId?: string } | { readonly refused: 'insufficient-balance' };

const signTimeoutMs = 8_000;

/**
 * Match, reserve, sign. Whoever gets a `paymentId` uses it with the decision or abandons it.
 * @throws BoopError of the nodes or of the ledger; nothing stays reserved then
 */
export async function paidRun(use: { nodes: Pick<NodePool, 'ask'>; payments: PaymentPort; leader: number; timeoutMs: number }, sessionId: string, context: AuthenticationContext, split: SealedSplit): Promise<PaidAnswer> {
  const { nodes, payments, leader, timeoutMs } = use;
  const first = await nodes.ask(leader, 'authentication.match', { context, split }, timeoutMs);
  if (!('held' in first)) return { answer: first };
  const end = (sign: boolean) => nodes.ask(leader, 'authentication.sign', { session: sessionId, sign }, signTimeoutMs);
  const drop = (): Promise<unknown> => end(false).catch(() => undefined);
  const paymentId = await payments.reserve(sessionId, context, first.held.sub).catch(async (error: unknown) => {
    await drop();
    throw error;
  });
  if (paymentId === undefined) {
    await drop();
    return { refused: 'insufficient-balance' };
  }
  try {
    const answer = await end(true);
    if ('dropped' in answer) throw aborted('the nodes dropped the session');
    if (answer.idToken !== undefined && parseTokenClaims(answer.idToken).sub !== first.held.sub) throw aborted('the token is for somebody else than the reservation');
    if (!answer.accepted) await payments.abandon(paymentId);
    return { answer, ...(answer.accepted ? { paymentId } : {}) };
  } catch (error) {
    await payments.abandon(paymentId);
    throw error;
  }
}

const aborted = (message: string): BoopError => new BoopError('mpc.aborted', message, { kind: 'peer', retryAllowed: true });
