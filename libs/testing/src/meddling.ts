import { type PartyId } from '@boop/shared';
import { seededUint32 } from './seeded-rng.ts';
import { type Tamper } from './simulated-network.ts';

/** What a lying party can do to a message that it sends, beyond following the protocol on other values. */
export const alterations = ['flip', 'zero', 'random', 'replay', 'swap', 'truncate', 'extend', 'other-run', 'late-round', 'silent', 'twice'] as const;
export type Alteration = (typeof alterations)[number];

export interface Meddling {
  readonly liars: readonly PartyId[];
  readonly alteration: Alteration;
  /** Round whose messages are altered; 'every' for all. */
  readonly round: number | 'every';
  /** Lies to everybody in the same way, or to the lowest of the other parties alone. */
  readonly towards: 'all' | 'one';
  readonly seed: number;
  /** Messages of another run, for `other-run`. */
  readonly otherRun: Recording;
}

/** Payloads of a run by link and round. */
export class Recording {
  readonly #payloads = new Map<string, Uint8Array>();
  rounds = 0;

  /** Takes note of everything that passes. */
  readonly tamper: Tamper = (from, to, payload) => {
    this.#payloads.set(nameOf(from, to, roundOf(payload)), payload);
    this.rounds = Math.max(this.rounds, roundOf(payload) + 1);
    return payload;
  };

  get(from: PartyId, to: PartyId, round: number): Uint8Array | undefined {
    return this.#payloads.get(nameOf(from, to, round));
  }

  /** Rounds in which this party sends. */
  roundsOf(from: PartyId): number[] {
    return Array.from({ length: this.rounds }, (_, round) => round).filter((round) => [...this.#payloads.keys()].some((name) => name.startsWith(`${from}>`) && name.endsWith(`@${round}`)));
  }
}

/**
 * Alters messages of round machines (whose first two bytes are the round's number) on their way, for any protocol.
 * @param onLie called for each message that arrives as another than was sent, or not at all
 */
export function meddle({ liars, alteration, round, towards, seed, otherRun }: Meddling, onLie: () => void = () => undefined): Tamper {
  const next = seededUint32(seed);
  const latest = new Map<string, Uint8Array>();
  const alter = (from: PartyId, to: PartyId, payload: Uint8Array): Uint8Array | 'drop' | 'duplicate' => {
    const at = roundOf(payload);
    const [header, body] = [payload.slice(0, HEADER), payload.slice(HEADER)];
    const earlier = latest.get(`${from}>${to}`);
    const neighbour = [...latest].find(([link, message]) => link.startsWith(`${from}>`) && link !== `${from}>${to}` && roundOf(message) === at)?.[1];
    switch (alteration) {
      case 'flip':
        if (body.length > 0) body[next() % body.length]! ^= 1 << next() % 8;
        return join(header, body);
      case 'zero':
        return join(header, body.fill(0));
      case 'random':
        return join(header, body.map(() => next() & 255));
      case 'replay':
        return earlier ? join(header, earlier.subarray(HEADER)) : payload;
      case 'swap':
        return neighbour ? join(header, neighbour.subarray(HEADER)) : payload;
      case 'truncate':
        return join(header, body.subarray(0, Math.max(0, body.length - 1)));
      case 'extend':
        return join(header, Uint8Array.of(...body, 0));
      case 'other-run':
        return otherRun.get(from, to, at) ?? payload;
      case 'late-round':
        return join(Uint8Array.of((at + 7) >> 8, (at + 7) & 255), body);
      case 'silent':
        return 'drop';
      case 'twice':
        return 'duplicate';
    }
  };
  return (from, to, payload) => {
    const target = liars.includes(from) && (round === 'every' || round === roundOf(payload)) && (towards === 'all' || to === (from === 1 ? 2 : 1));
    const arrives = target ? alter(from, to, payload) : payload;
    latest.set(`${from}>${to}`, payload);
    if (typeof arrives === 'string' || arrives.length !== payload.length || arrives.some((byte, i) => byte !== payload[i])) onLie();
    return arrives;
  };
}

const HEADER = 2;
const roundOf = (payload: Uint8Array): number => (payload[0]! << 8) | payload[1]!;
const nameOf = (from: PartyId, to: PartyId, round: number): string => `${from}>${to}@${round}`;

function join(header: Uint8Array, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(header.length + body.length);
  out.set(header);
  out.set(body, header.length);
  return out;
}
