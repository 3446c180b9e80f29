import { sha256 } from '@noble/hashes/sha2.js';
import { bytesField, separated } from '@boop/identity';
import { BoopError, canonicalJson, equalBytes, fromBase64Url, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { amountField, assetField } from './amount.ts';
import { balanceLeaf, balanceNode, BalanceTree, type CommittedAccount, type SumNode, type Sums } from './balance-tree.ts';
import { accountIdField } from './ids.ts';
import { type Balances } from './model.ts';

const sumField = z.string().regex(/^(0|[1-9][0-9]{0,37})$/);
const sumsSchema = z.strictObject({ accounts: sumField, debitsPending: sumField, debitsPosted: sumField, creditsPending: sumField, creditsPosted: sumField });

/** All balances of the ledger after one transfer, by asset in alphabetical order. Its hash stands in the log. */
export const balancesCommitmentSchema = z.strictObject({
  v: z.literal(1),
  networkId: z.string().max(64),
  /** Of the last transfer that counts. */
  sequence: z.string().regex(/^(0|[1-9][0-9]{0,18})$/),
  assets: z.array(z.strictObject({ asset: assetField, root: bytesField(32), sums: sumsSchema })).max(1_000),
});
export type BalancesCommitment = z.infer<typeof balancesCommitmentSchema>;

/** One account's balances under a commitment, to be checked offline. */
export const balanceProofSchema = z.strictObject({
  accountId: accountIdField,
  asset: assetField,
  opening: bytesField(32),
  balances: z.strictObject({ debitsPending: amountField, debitsPosted: amountField, creditsPending: amountField, creditsPosted: amountField }),
  path: z.array(z.strictObject({ side: z.enum(['left', 'right']), hash: bytesField(32), sums: sumsSchema })).max(64),
  commitment: balancesCommitmentSchema,
});
export type BalanceProof = z.infer<typeof balanceProofSchema>;

/** 32 bytes, for the log entry. */
export const balancesCommitmentHash = (commitment: BalancesCommitment): Uint8Array => sha256(separated('boop-balances/1', canonicalJson(commitment)));

/** All trees of one moment. */
export class BalanceForest {
  readonly commitment: BalancesCommitment;
  readonly #trees: ReadonlyMap<string, BalanceTree>;
  readonly #accounts: ReadonlyMap<string, CommittedAccount>;

  constructor(networkId: string, sequence: bigint, accounts: readonly CommittedAccount[]) {
    const assets = new Map<string, CommittedAccount[]>();
    for (const account of accounts) {
      const members = assets.get(account.asset);
      if (members) members.push(account);
      else assets.set(account.asset, [account]);
    }
    const trees = [...assets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([asset, members]) => new BalanceTree(asset, members));
    this.#trees = new Map(trees.map((tree) => [tree.asset, tree]));
    this.#accounts = new Map(accounts.map((account) => [account.id, account]));
    this.commitment = { v: 1, networkId, sequence: String(sequence), assets: trees.map(({ asset, root }) => ({ asset, root: toBase64Url(root.hash), sums: sumsJson(root.sums) })) };
  }

  /** Undefined for an account that is not in it. */
  prove(accountId: string): BalanceProof | undefined {
    const account = this.#accounts.get(accountId);
    if (!account) return undefined;
    const { asset, opening, balances } = account;
    const path = this.#trees.get(asset)!.path(accountId)!.map(({ side, node }) => ({ side, hash: toBase64Url(node.hash), sums: sumsJson(node.sums) }));
    return { accountId, asset, opening: toBase64Url(opening), balances: balancesJson(balances), path, commitment: this.commitment };
  }
}

/**
 * Checks without storage or network that an account's balances are part of the commitment, that no part on the way is negative, and that
 * debits equal credits in every asset, posted and pending. The caller compares {@link balancesCommitmentHash} with the log.
 * @throws BoopError `balances.malformed`, `balances.wrong-root`, `balances.not-zero-sum`, `balances.out-of-range`
 */
export function verifyBalanceProof(value: unknown): { accountId: string; asset: string; sequence: bigint; balances: Balances; commitmentHash: Uint8Array } {
  const parsed = balanceProofSchema.safeParse(value);
  if (!parsed.success) throw new BoopError('balances.malformed', 'the proof does not have the documented form');
  const { accountId, asset, opening, path, commitment } = parsed.data;
  verifyZeroSums(commitment);
  const committed = commitment.assets.find((one) => one.asset === asset);
  if (!committed) throw wrongRoot();
  const balances = parseBalances(parsed.data.balances);
  const start = balanceLeaf({ id: accountId, asset, opening: fromBase64Url(opening), balances });
  const root = path.reduce<SumNode>((node, { side, hash, sums }) => {
    const sibling = { hash: fromBase64Url(hash), sums: parseSums(sums) };
    return side === 'left' ? balanceNode(sibling, node) : balanceNode(node, sibling);
  }, start);
  const expected = parseSums(committed.sums);
  const sameSums = (Object.keys(expected) as (keyof Sums)[]).every((name) => expected[name] === root.sums[name]);
  if (!equalBytes(root.hash, fromBase64Url(committed.root)) || !sameSums) throw wrongRoot();
  return { accountId, asset, sequence: BigInt(commitment.sequence), balances, commitmentHash: balancesCommitmentHash(commitment) };
}

/** @throws BoopError `balances.not-zero-sum`, `balances.malformed` (assets out of order or named twice) */
export function verifyZeroSums({ assets }: BalancesCommitment): void {
  assets.forEach(({ asset, sums }, at) => {
    if (at > 0 && assets[at - 1]!.asset >= asset) throw new BoopError('balances.malformed', 'assets are named once, in order');
    if (sums.debitsPosted !== sums.creditsPosted || sums.debitsPending !== sums.creditsPending) throw new BoopError('balances.not-zero-sum', 'debits and credits of an asset differ');
  });
}

const wrongRoot = (): BoopError => new BoopError('balances.wrong-root', 'the proof does not lead to the commitment');
const sumsJson = (sums: Sums): z.infer<typeof sumsSchema> => ({ accounts: String(sums.accounts), ...balancesJson(sums) });
const parseSums = (sums: z.infer<typeof sumsSchema>): Sums => ({ accounts: BigInt(sums.accounts), ...parseBalances(sums) });

/** Balances as JSON carries them. */
export const balancesJson = ({ debitsPending, debitsPosted, creditsPending, creditsPosted }: Balances) => ({
  debitsPending: String(debitsPending),
  debitsPosted: String(debitsPosted),
  creditsPending: String(creditsPending),
  creditsPosted: String(creditsPosted),
});

/** Inverse of {@link balancesJson}; the caller has checked the form. */
export const parseBalances = ({ debitsPending, debitsPosted, creditsPending, creditsPosted }: ReturnType<typeof balancesJson>): Balances => ({
  debitsPending: BigInt(debitsPending),
  debitsPosted: BigInt(debitsPosted),
  creditsPending: BigInt(creditsPending),
  creditsPosted: BigInt(creditsPosted),
});
