import { type Logger, opensslArithmetic as arithmetic } from '@boop/platform';
import { credentialNodeMethods } from '@boop/protocol';
import { BoopError, isBoopError, type PartyId, toBase64Url } from '@boop/shared';
import { aggregate, type GroupKey, parseGroupKey, ThresholdFault } from '@boop/threshold';
import { type z } from 'zod';

const timeoutMs = 3_000;
const attemptsMax = 3;

/** What is needed of the link to a node. */
export interface SignerLink {
  readonly party: number;
  readonly connected: boolean;
  request(method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown>;
}

type Methods = typeof credentialNodeMethods;
export type SigningTask = z.input<Methods['credential.commit']['body']>;
type Commitment = z.output<Methods['credential.commit']['answer']>;

/** Has 2t+1 nodes sign what each of them builds itself. This side carries messages and adds up shares: it chooses neither a digest nor a status, and can only delay. */
export class FrostCoordinator {
  readonly #signers: () => readonly SignerLink[];
  /** The serialised group key, as t+1 nodes tell it. */
  readonly #groupKey: () => Promise<Uint8Array>;
  readonly #log: Logger;

  constructor({ signers, groupKey, log }: { signers: () => readonly SignerLink[]; groupKey: () => Promise<Uint8Array>; log: Logger }) {
    this.#signers = signers;
    this.#groupKey = groupKey;
    this.#log = log;
  }

  /**
   * @returns message and its 64-byte signature; two rounds, and again without nodes that failed
   * @throws BoopError `mpc.nodes-unavailable`, or the refusal of so many nodes that no quorum is left
   */
  async sign(task: SigningTask): Promise<{ message: Uint8Array; signature: Uint8Array }> {
    const group = parseGroupKey(await this.#groupKey());
    const failed = new Set<number>();
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const commitments = await this.#commit(task, group.threshold, failed);
      const signed = await this.#collect(group, commitments, failed);
      if (signed) return signed;
    }
    throw unavailable();
  }

  /** Of the nodes that would sign the same message, as many as it takes. */
  async #commit(task: SigningTask, needed: number, failed: ReadonlySet<number>): Promise<Commitment[]> {
    const asked = this.#signers().filter(({ connected, party }) => connected && !failed.has(party));
    const answers = await Promise.allSettled(asked.map((signer) => ask(signer, 'credential.commit', task)));
    const groups = new Map<string, Commitment[]>();
    const refusals: BoopError[] = [];
    for (const answer of answers) {
      if (answer.status === 'fulfilled') {
        const message = toBase64Url(answer.value.message);
        groups.set(message, [...(groups.get(message) ?? []), answer.value]);
      } else if (isBoopError(answer.reason) && answer.reason.kind === 'rejected') refusals.push(answer.reason);
    }
    const agreed = [...groups.values()].find((group) => group.length >= needed);
    if (agreed) return agreed.slice(0, needed);
    if (refusals.length > asked.length - needed && refusals[0]) throw refusals[0];
    throw unavailable();
  }

  async #collect(group: GroupKey, commitments: readonly Commitment[], failed: Set<number>): Promise<{ message: Uint8Array; signature: Uint8Array } | undefined> {
    const list = commitments.map(({ party, commitment }) => ({ party, commitment }));
    const byParty = new Map(commitments.map(({ party, commitment }) => [party as PartyId, commitment]));
    const shares = new Map<PartyId, Uint8Array>();
    const signers = new Map(this.#signers().map((signer) => [signer.party, signer]));
    await Promise.all(
      commitments.map(async ({ party, attempt }) => {
        try {
          const signer = signers.get(party);
          if (!signer) throw unavailable();
          shares.set(party as PartyId, (await ask(signer, 'credential.sign', { attempt, commitments: list })).share);
        } catch (error) {
          this.#leaveOut(failed, [party], error);
        }
      }),
    );
    if (shares.size < commitments.length) return undefined;
    const { message } = commitments[0]!;
    try {
      return { message, signature: aggregate(group, byParty, message, shares, { arithmetic }) };
    } catch (error) {
      if (!(error instanceof ThresholdFault)) throw error;
      this.#leaveOut(failed, error.blame, error);
      return undefined;
    }
  }

  #leaveOut(failed: Set<number>, parties: readonly number[], error: unknown): void {
    for (const party of parties) failed.add(party);
    this.#log.warn('a node did not help to sign', { parties, error });
  }
}

async function ask<M extends keyof Methods>(signer: SignerLink, method: M, body: z.input<Methods[M]['body']>): Promise<z.output<Methods[M]['answer']>> {
  const parsed = credentialNodeMethods[method].answer.safeParse(await signer.request(method, body, { timeoutMs }));
  if (!parsed.success || parsed.data.party !== signer.party) throw new BoopError('node.malformed-answer', 'a node answered in an unknown form', { kind: 'peer' });
  return parsed.data as z.output<Methods[M]['answer']>;
}

const unavailable = (): BoopError => new BoopError('mpc.nodes-unavailable', 'too few nodes sign', { kind: 'unavailable' });
