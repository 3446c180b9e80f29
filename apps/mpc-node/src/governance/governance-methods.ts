import { bytesField } from '@boop/identity';
import { manifestChainSchema, manifestProposalSchema, manifestVoteSchema } from '@boop/protocol';
import { type PartyId } from '@boop/shared';
import { z } from 'zod';

const hash = bytesField(32);
const nothing = z.strictObject({});
const withVotes = z.strictObject({ proposal: manifestProposalSchema, votes: z.array(manifestVoteSchema).max(14) });

/** Proposals that one node keeps at a time. */
export const proposalsMax = 32;

/** Requests among nodes about manifests. All that is told is signed by custodians, so it does not matter which node tells it. */
export const governanceMethods = {
  /** What this node knows: proposals with how many votes, the epochs of its chain, and what software it runs. */
  'governance.summary': {
    body: nothing,
    answer: z.strictObject({
      proposals: z.array(z.strictObject({ digest: hash, votes: z.number().int().min(0) })).max(proposalsMax),
      links: z.array(z.number().int().positive()).max(10_000),
      software: hash.optional(),
    }),
  },
  'governance.proposal': { body: z.strictObject({ digest: hash }), answer: withVotes },
  /** A proposal that is new or has new votes; answered when it is stored. */
  'governance.offer': { body: withVotes, answer: nothing },
  /** The chain from this epoch on, as far as one answer goes. */
  'governance.links': { body: z.strictObject({ from: z.number().int().positive() }), answer: manifestChainSchema },
} as const;

export type GovernanceMethod = keyof typeof governanceMethods;
export type GovernanceBody<M extends GovernanceMethod> = z.infer<(typeof governanceMethods)[M]['body']>;
export type GovernanceAnswer<M extends GovernanceMethod> = z.infer<(typeof governanceMethods)[M]['answer']>;
export type GovernanceHandlers = { readonly [M in GovernanceMethod]: (from: PartyId, body: GovernanceBody<M>) => Promise<GovernanceAnswer<M>> };
