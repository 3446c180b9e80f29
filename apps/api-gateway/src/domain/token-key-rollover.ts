import { type GroupKeyRecord } from '../services/ports.ts';

/** Names of the nodes' token keys: in use, announced, and replaced while tokens by it may be about. */
export const tokenKeyNames = ['token', 'token-next', 'token-previous'] as const;

export interface KeyChange {
  readonly put: readonly GroupKeyRecord[];
  readonly remove: readonly string[];
}

/**
 * What changes when t+1 nodes name these keys. A key under a new name is taken; `token-next` may be named anew as long as it signs nothing;
 * `token` changes only to the key that was announced. Everything else that differs is left as it is.
 */
export function keyChange(known: ReadonlyMap<string, GroupKeyRecord>, agreed: readonly GroupKeyRecord[]): KeyChange {
  const put = agreed.filter(({ name, publicKey }) => name !== 'token-previous' && (name === 'token-next' ? isNews(known, publicKey) : !known.has(name)));
  const current = known.get('token');
  const next = known.get('token-next');
  const named = agreed.find(({ name }) => name === 'token');
  if (!current || !next || named?.publicKey !== next.publicKey) return { put, remove: [] };
  return { put: [...put.filter(({ name }) => name !== 'token-next'), named, { ...current, name: 'token-previous' }], remove: ['token-next'] };
}

/** Keys that are named otherwise than before, for no reason that is known here. */
export const unexpectedKeys = (known: ReadonlyMap<string, GroupKeyRecord>, agreed: readonly GroupKeyRecord[], { put }: KeyChange): string[] =>
  agreed.filter(({ name, publicKey }) => known.has(name) && known.get(name)!.publicKey !== publicKey && !put.some((key) => key.name === name)).map(({ name }) => name);

const isNews = (known: ReadonlyMap<string, GroupKeyRecord>, publicKey: string): boolean => !tokenKeyNames.some((name) => known.get(name)?.publicKey === publicKey);
