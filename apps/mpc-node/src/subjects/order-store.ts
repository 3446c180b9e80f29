import { ordererOf, type SignedSubjectOrder } from '@boop/protocol';

/** Orders about people. Contract: `put` is durable before it resolves, and replaces the order of the same account and orderer. */
export interface OrderStore {
  load(): Promise<SignedSubjectOrder[]>;
  put(order: SignedSubjectOrder): Promise<void>;
}

/** What an order replaces. */
export const orderName = (order: SignedSubjectOrder): string => `${order.record.accountKey}/${ordererOf(order)}`;
