import { createField, type Field, isCodeword } from '@boop/field';
import { BoopError, lengthPrefixed, type PartyId, ProtocolAbort, type RoundProtocol, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { type OpeningRecorder } from './boolean-engine.ts';
import { type HolderKeys } from './holder-keys.ts';
import { KeyStream, type Prf, softwareAesCtr } from './prf.ts';
import { addRandomShares, addZeroShares } from './prss.ts';
import { type Statistic } from './statistic.ts';
import { checkDeclaredValid, formTerms, randomCombination } from './template-form.ts';
import { decodeResidues, encodeResidues } from './wire.ts';

export interface SplitCheckInput {
  readonly self: PartyId;
  /** At least 3t + 1 nodes that have opened the split, ascending. */
  readonly parties: readonly PartyId[];
  readonly threshold: number;
  readonly keys: HolderKeys;
  /** 16 bytes, used once under these keys. */
  readonly runId: Uint8Array;
  /** Hash of the session, of everything that the splitter declared, and of all sealed shares: coefficients follow from it. */
  readonly splitHash: Uint8Array;
  readonly statistic: Statistic;
  /** Per template of the split this node's share, and the declared number of valid mask coordinates. */
  readonly items: readonly { readonly share: Int16Array; readonly valid: number }[];
  readonly prf?: Prf;
  readonly onOpen?: OpeningRecorder;
}

/** One combination over F_8191 lets a bad split through once in 8,191; six once in 2^78, which also bounds a search over splits. */
export const COMBINATIONS = 6;

/**
 * Proves to every honest node that a split hides well-formed templates, shared with degree t, with the declared number of valid
 * mask coordinates; one round, 2·6 residues to each other node, whatever the number of templates.
 * Opens for random public coefficients (a) six linear combinations of all coordinates, each plus a fresh secret: a word of
 * degree t; (b) six of the terms of `formTerms`, each plus a sharing of 0: a word of degree 2t of 0. Both masks are pseudorandom
 * shares that no t nodes know. With 3t + 1 nodes the honest ones alone determine both words, so t liars can make a good split
 * fail but not a bad one pass. Nothing is corrected: the shares of an honest node can be the wrong ones.
 * Aborts `split.invalid-form` naming nobody, since a splitter could otherwise have an honest node named.
 * Throws BoopError `split.too-few-nodes` (unavailable) below 3t + 1, `split.invalid-form` for an impossible declared number.
 */
export function* checkSplitProtocol(input: SplitCheckInput): RoundProtocol<void> {
  const { self, parties, threshold, statistic, items, prf = softwareAesCtr } = input;
  if (parties.length < 3 * threshold + 1) throw new BoopError('split.too-few-nodes', '3t + 1 nodes are needed to check a split', { kind: 'unavailable' });
  const holding = input.keys.checkHolders(self, parties, threshold);
  for (const { valid } of items) checkDeclaredValid(statistic, valid);
  const field = createField(statistic.p);
  const streams = input.keys.streams('split-check', streamId(input), prf);
  try {
    const [degree, form] = combine(field, input, prf);
    addRandomShares(field, holding, streams, degree);
    addZeroShares(field, holding, streams, form);
    const words = yield* exchange(field, self, parties, [degree, form]);
    input.onOpen?.('split-degree', words.slice(0, COMBINATIONS).flat());
    input.onOpen?.('split-form', words.slice(COMBINATIONS).flat());
    const isShared = words.slice(0, COMBINATIONS).every((word) => isCodeword(field, parties, word, threshold));
    const isFormed = words.slice(COMBINATIONS).every((word) => isCodeword(field, [0, ...parties], [0, ...word], 2 * threshold));
    if (!isShared || !isFormed) throw new ProtocolAbort('split.invalid-form', 'the shares are not those of well-formed templates');
  } finally {
    for (const stream of streams) stream.wipe();
  }
}

/**
 * Names the masks of one run over one split: nodes that were told of different splits under one run id then use unrelated masks,
 * and what they open together stays uniform.
 */
function streamId({ runId, splitHash }: SplitCheckInput): Uint8Array {
  return sha256(lengthPrefixed(utf8('boop/mpc/split-check/masks/v1'), runId, splitHash)).subarray(0, 16);
}

/** This node's shares of the combinations, before the masks. */
function combine(field: Field, { splitHash, statistic, items }: SplitCheckInput, prf: Prf): [Uint16Array, Uint16Array] {
  const degree = new Uint16Array(COMBINATIONS);
  const form = new Uint16Array(COMBINATIONS);
  const coefficients = new KeyStream(prf, sha256(lengthPrefixed(utf8('boop/mpc/split-check/coefficients/v1'), splitHash)));
  for (const { share, valid } of items) {
    const terms = formTerms(field, statistic, share, valid);
    for (let k = 0; k < COMBINATIONS; k++) {
      degree[k] = field.add(degree[k]!, randomCombination(field, share, coefficients));
      form[k] = field.add(form[k]!, randomCombination(field, terms, coefficients));
    }
    terms.fill(0);
  }
  return [degree, form];
}

/** One round. @returns per entry the values of all parties, in their order */
function* exchange(field: Field, self: PartyId, parties: readonly PartyId[], parts: readonly Uint16Array[]): RoundProtocol<number[][]> {
  const own = Uint16Array.from(parts.flatMap((part) => [...part]));
  const others = parties.filter((party) => party !== self);
  const payload = encodeResidues(field, own);
  const received = yield { send: others.map((to) => ({ to, payload })), receiveFrom: others };
  const all = parties.map((party) => (party === self ? own : decodeResidues(field, received.get(party)!, own.length, party)));
  return Array.from(own, (_, k) => all.map((values) => values[k]!));
}
