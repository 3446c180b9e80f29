import { createHash } from 'node:crypto';
import { type PartyId, type ProtocolMachine, type Rng, type Step, toBase64Url, uint32 } from '@boop/shared';
import { type RunTranscript } from '../link/run-transcripts.ts';

const saltBytes = 32;

interface Link {
  salt: Uint8Array | undefined;
  readonly hashes: string[];
}

/**
 * A machine whose messages are hashed as they pass. The first message to each peer carries a salt of the sender: a hash tells a third node
 * nothing of a message, which in a replicated multiplication is the very share that this node lacks.
 */
export class RecordedMachine<Output> implements ProtocolMachine<Output> {
  readonly #inner: ProtocolMachine<Output>;
  readonly #rng: Rng;
  readonly #onSend: (first: boolean) => void;
  readonly #sent = new Map<PartyId, Link>();
  readonly #received = new Map<PartyId, Link>();

  /** @param onSend called before messages go out: `first` for those of the start */
  constructor(inner: ProtocolMachine<Output>, rng: Rng, onSend: (first: boolean) => void = () => undefined) {
    this.#inner = inner;
    this.#rng = rng;
    this.#onSend = onSend;
  }

  start(): Step<Output> {
    return this.#sending(this.#inner.start(), true);
  }

  onMessage(from: PartyId, payload: Uint8Array): Step<Output> {
    const link = linkOf(this.#received, from);
    if (link.salt) {
      note(link, payload);
      return this.#sending(this.#inner.onMessage(from, payload));
    }
    // Too short for a salt: empty is what the machine itself calls malformed.
    link.salt = payload.slice(0, saltBytes);
    const message = payload.subarray(saltBytes);
    note(link, message);
    return this.#sending(this.#inner.onMessage(from, message));
  }

  /** Per peer, ascending, what went out and came in so far. */
  links(): RunTranscript['links'] {
    const peers = [...new Set([...this.#sent.keys(), ...this.#received.keys()])].sort((a, b) => a - b);
    return peers.map((party) => ({ party, sent: [...(this.#sent.get(party)?.hashes ?? [])], received: [...(this.#received.get(party)?.hashes ?? [])] }));
  }

  #sending(step: Step<Output>, first = false): Step<Output> {
    if (step.send.length > 0) this.#onSend(first);
    const send = step.send.map(({ to, payload }) => {
      const link = linkOf(this.#sent, to);
      if (link.salt) {
        note(link, payload);
        return { to, payload };
      }
      link.salt = this.#rng.bytes(saltBytes);
      note(link, payload);
      const salted = new Uint8Array(saltBytes + payload.length);
      salted.set(link.salt);
      salted.set(payload, saltBytes);
      return { to, payload: salted };
    });
    return { ...step, send };
  }
}

function linkOf(links: Map<PartyId, Link>, party: PartyId): Link {
  const link = links.get(party) ?? { salt: undefined, hashes: [] };
  links.set(party, link);
  return link;
}

const note = ({ salt, hashes }: Link, message: Uint8Array): void => {
  const digest = createHash('sha256').update(salt!).update(uint32(hashes.length)).update(message).digest();
  hashes.push(toBase64Url(new Uint8Array(digest)));
};
