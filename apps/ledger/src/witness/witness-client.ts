import { addSignatures, formatAddCheckpoint, formatSignatureLines, parseNote, parseVerifierKey, type VerifierKey, WITNESS_SIZE_TYPE } from '@boop/log';
import { BoopError } from '@boop/shared';

export interface WitnessAddress {
  /** Submission prefix; `/add-checkpoint` is appended. */
  readonly url: string;
  /** Verifier key of type 0x04. */
  readonly vkey: string;
}

/** A note of this log, and the proof that leads to it from any older size. */
export interface Cosignable {
  readonly note: string;
  readonly size: number;
  readonly consistency: (from: number) => Promise<Uint8Array[]>;
}

const TIMEOUT_MS = 5_000;
const ANSWER_BYTES_MAX = 16_384;

/** Asks one witness for cosignatures (C2SP tlog-witness). It remembers what the witness has seen, and is told when it is wrong. */
export class WitnessClient {
  readonly key: VerifierKey;
  readonly #url: string;
  #seen = 0;

  constructor({ url, vkey }: WitnessAddress) {
    this.#url = `${url.replace(/\/$/, '')}/add-checkpoint`;
    this.key = parseVerifierKey(vkey);
  }

  /** @returns the signature line @throws BoopError `witness.unavailable`, `witness.refused`, `witness.bad-answer` */
  async cosign(checkpoint: Cosignable): Promise<string> {
    const answer = await this.#add(checkpoint, Math.min(this.#seen, checkpoint.size));
    const final = typeof answer === 'number' ? await this.#add(checkpoint, answer) : answer;
    if (typeof final === 'number') throw new BoopError('witness.refused', 'the witness moved on twice', { kind: 'unavailable' });
    this.#seen = checkpoint.size;
    return this.#verified(checkpoint.note, final);
  }

  /** @returns the signature lines, or the size from which the witness wants a proof */
  async #add({ note, size, consistency }: Cosignable, oldSize: number): Promise<string | number> {
    if (oldSize > size) throw new BoopError('witness.refused', 'the witness has seen a larger tree', { kind: 'peer' });
    const proof = oldSize === 0 || oldSize === size ? [] : await consistency(oldSize);
    const { status, type, text } = await this.#post(formatAddCheckpoint({ oldSize, proof, checkpoint: note }));
    if (status === 200) return text;
    if (status === 409 && type === WITNESS_SIZE_TYPE && /^(0|[1-9][0-9]{0,15})\n$/.test(text)) return Number(text);
    throw new BoopError('witness.refused', `the witness answered with status ${status}`, { kind: 'peer' });
  }

  async #post(body: string): Promise<{ status: number; type: string; text: string }> {
    try {
      const response = await fetch(this.#url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      return { status: response.status, type: response.headers.get('content-type')?.split(';')[0] ?? '', text: await readBounded(response) };
    } catch (error) {
      throw new BoopError('witness.unavailable', 'the witness can not be reached', { kind: 'unavailable', cause: error });
    }
  }

  #verified(note: string, lines: string): string {
    try {
      const stapled = parseNote(addSignatures(note, lines, [this.key]));
      const own = stapled.signatures.filter(({ name, keyId }) => name === this.key.name && keyId === this.key.keyId);
      return formatSignatureLines([own[0]!]);
    } catch (error) {
      throw new BoopError('witness.bad-answer', 'the witness answered without a valid cosignature of its own', { kind: 'peer', cause: error });
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
