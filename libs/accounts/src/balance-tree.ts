import { sha256 } from '@noble/hashes/sha2.js';
import { separated } from '@boop/identity';
import { BoopError, concatBytes, lengthPrefixed, utf8 } from '@boop/shared';
import { type Balances } from './model.ts';

/** Totals under a node. Every sum is of amounts that are never negative, so that no account can hide another's debt. */
export interface Sums extends Balances {
  readonly accounts: bigint;
}

export interface SumNode {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  readonly sums: Sums;
}

export interface CommittedAccount {
  readonly id: string;
  readonly asset: string;
  /** 32 bytes; known to the account's owner, so that a proof of a neighbour names nobody. */
  readonly opening: Uint8Array;
  readonly balances: Balances;
}

/** Sums are of at most 2^64 accounts of less than 2^63 each. */
const SUM_BYTES = 16;
const SUM_MAX = 2n ** 127n;
const NAMES = ['accounts', 'debitsPending', 'debitsPosted', 'creditsPending', 'creditsPosted'] as const;

/** Big-endian sums, 16 bytes each. @throws BoopError `balances.out-of-range` */
export function sumsBytes(sums: Sums): Uint8Array {
  const out = new Uint8Array(SUM_BYTES * NAMES.length);
  const view = new DataView(out.buffer);
  NAMES.forEach((name, at) => {
    const value = sums[name];
    if (value < 0n || value >= SUM_MAX) throw new BoopError('balances.out-of-range', 'a sum is negative or too large');
    view.setBigUint64(at * SUM_BYTES, value >> 64n);
    view.setBigUint64(at * SUM_BYTES + 8, value & (2n ** 64n - 1n));
  });
  return out;
}

export function balanceLeaf({ id, asset, opening, balances }: CommittedAccount): SumNode {
  if (opening.length !== 32) throw new BoopError('balances.malformed', 'an opening has 32 bytes');
  const sums: Sums = { accounts: 1n, ...balances };
  const name = sha256(separated('boop-balance-account/1', lengthPrefixed(opening, utf8(asset), utf8(id))));
  return { hash: sha256(concatBytes(Uint8Array.of(0), name, sumsBytes(sums))), sums };
}

/** Both children's sums are hashed, not their total: else a prover could show each customer another split of it (Chalkias et al., Broken Proofs of Solvency, FC 2022 workshops). */
export function balanceNode(left: SumNode, right: SumNode): SumNode {
  const sums = addSums(left.sums, right.sums);
  return { hash: sha256(concatBytes(Uint8Array.of(1), left.hash, sumsBytes(left.sums), right.hash, sumsBytes(right.sums))), sums };
}

const addSums = (a: Sums, b: Sums): Sums => Object.fromEntries(NAMES.map((name) => [name, a[name] + b[name]])) as unknown as Sums;

/** Merkle-sum tree over the accounts of one asset, leaves in the order of their hashes, so that neighbours tell nothing. O(n log n). */
export class BalanceTree {
  readonly asset: string;
  /** Leaves first; an odd last node of a level moves up as it is. */
  readonly #levels: SumNode[][];
  readonly #places: ReadonlyMap<string, number>;

  /** @param accounts at least one, all of this asset, each id once */
  constructor(asset: string, accounts: readonly CommittedAccount[]) {
    if (accounts.length === 0 || accounts.some((account) => account.asset !== asset)) throw new BoopError('balances.malformed', 'a tree is over the accounts of one asset');
    this.asset = asset;
    const leaves = accounts.map((account) => ({ id: account.id, node: balanceLeaf(account) })).sort((a, b) => compareBytes(a.node.hash, b.node.hash));
    this.#places = new Map(leaves.map(({ id }, at) => [id, at]));
    this.#levels = [leaves.map(({ node }) => node)];
    for (let level = this.#levels[0]!; level.length > 1; level = this.#levels.at(-1)!) this.#levels.push(parentsOf(level));
  }

  get root(): SumNode {
    return this.#levels.at(-1)![0]!;
  }

  /** Siblings from the leaf to the root. */
  path(accountId: string): { side: 'left' | 'right'; node: SumNode }[] | undefined {
    let place = this.#places.get(accountId);
    if (place === undefined) return undefined;
    const path: { side: 'left' | 'right'; node: SumNode }[] = [];
    for (const level of this.#levels.slice(0, -1)) {
      const sibling = level[place ^ 1];
      if (sibling) path.push({ side: place % 2 === 1 ? 'left' : 'right', node: sibling });
      place >>= 1;
    }
    return path;
  }
}

function parentsOf(level: readonly SumNode[]): SumNode[] {
  return Array.from({ length: Math.ceil(level.length / 2) }, (_, at) => {
    const [left, right] = [level[2 * at]!, level[2 * at + 1]];
    return right ? balanceNode(left, right) : left;
  });
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
