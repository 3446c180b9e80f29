import { SigningKey } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { PlainPalm } from './plain-oracle.ts';

/**
 * `out`: nowhere registered, for sure. `in`: acknowledged. `unclear`: asked for without an answer, or on its way; then either decision is right.
 */
export type Standing = 'out' | 'in' | 'unclear';

/** Somebody with a palm, whom the network may know. */
export class Somebody {
  readonly identity: number;
  readonly plain: PlainPalm;
  /** One for each registration. */
  key: SigningKey = SigningKey.generate(systemRng);
  /** Named by tokens of the vendor; a new one for each registration. */
  sub: string | undefined;
  /** Account of the wallet that the vendor opened for this `sub`. */
  wallet: string | undefined;
  /** One registration or erasure at a time. */
  busy = false;
  #standing: Standing = 'out';
  #version = 0;

  constructor(identity: number) {
    this.identity = identity;
    this.plain = new PlainPalm(identity);
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Another one after each change. */
  get version(): number {
    return this.#version;
  }

  become(standing: Standing): void {
    this.#standing = standing;
    this.#version += 1;
  }
}

/** Everybody who may come, so that each decision can be compared with all plaintexts. */
export class Population {
  readonly everybody: readonly Somebody[];

  constructor(count: number) {
    this.everybody = Array.from({ length: count }, (_, at) => new Somebody(1_000 + at));
  }

  with(standing: Standing): Somebody[] {
    return this.everybody.filter((somebody) => somebody.standing === standing);
  }

  /** Whether the network should accept this capture now, by the plaintexts of all who are registered; `undefined` while that is unclear. */
  expected(who: Somebody, probe: number): { readonly accept: boolean | undefined; readonly state: string } {
    const matching = this.everybody.filter((other) => other.standing !== 'out' && who.plain.matches(probe, other.plain));
    const state = matching.map(({ identity, version }) => `${identity}/${version}`).join();
    if (matching.some(({ standing }) => standing === 'in')) return { accept: true, state };
    return { accept: matching.length > 0 ? undefined : false, state };
  }
}
