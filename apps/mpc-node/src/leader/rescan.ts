import { committeeFamily } from '@boop/mpc';
import { type Rng } from '@boop/shared';
import { type Network } from '../network.ts';
import { type Led, type SessionLead } from './session-lead.ts';

/**
 * A liar can turn a match into "none" in the committee that identifies, and nobody would notice. So some of the searches that found
 * nobody are repeated by the rest of the family, which together leaves out every set of t nodes, after the answer has gone out: the
 * decision stands, the shares never leave the session, and whoever hides matches risks to be named each time.
 */
export class Rescan {
  readonly #input: { network: Network; lead: SessionLead; rng: Rng; oneIn: number; onRescan: (found: boolean) => void };

  /** @param input.oneIn one of so many fruitless searches is repeated; 0 for none */
  constructor(input: { network: Network; lead: SessionLead; rng: Rng; oneIn: number; onRescan: (found: boolean) => void }) {
    this.#input = input;
  }

  /** Draws whether this session's search is repeated: only one that found nobody, and with a family that can check it. */
  isDue({ attempts, session, opened }: Led): boolean {
    const { network, rng, oneIn } = this.#input;
    const [only, ...others] = attempts;
    const fruitless = others.length === 0 && only?.operation === 'identify' && 'certified' in only.result && only.result.certified.statement.decision.kind === 'none';
    if (!fruitless || oneIn === 0 || !session.splitPassed || opened.length < network.verifiableSize) return false;
    const [a, b] = rng.bytes(2);
    return ((a! << 8) | b!) % oneIn === 0;
  }

  /** Never throws; what it finds stands in the session's attempts. */
  async run(led: Led): Promise<void> {
    const { network, lead, onRescan } = this.#input;
    const asked = led.attempts.map(({ committee }) => committee.join());
    const { committees } = committeeFamily(led.opened, network.nodes, network.threshold);
    let found = false;
    for (const committee of committees.filter((each) => !asked.includes(each.join()))) {
      const certified = await lead.run(led, committee, 'identify').catch(() => undefined);
      found ||= certified?.statement.decision.kind === 'one';
    }
    onRescan(found);
  }
}
