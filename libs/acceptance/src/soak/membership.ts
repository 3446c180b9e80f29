import { type RecipientKey, signAsOwner, SigningKey } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { type PalmErasure, palmErasureBytes, palmErasureDomain, type SignedPalmErasure } from '@boop/protocol';
import { type AttributeNetwork, createRegistrationClient, type openAttributes } from '@boop/sdk';
import { toBase64Url } from '@boop/shared';
import { attributeNetworkOf, Person, vendorKey } from '../attributes/person.ts';
import { type RunningNetwork, until } from '../network-harness.ts';
import { type Shop } from '../shop.ts';
import { ask, codeOf, isDocumented } from './api.ts';
import { type Dice } from './dice.ts';
import { type Journal } from './journal.ts';
import { type Population, type Somebody } from './population.ts';
import { type Acknowledged } from './visits.ts';

const registrationTimeoutMs = 90_000;

/** Has the nodes delete somebody's palms, as the owner's device signs it. @returns parties that have yet to do so */
export type EraseAtNodes = (request: SignedPalmErasure) => Promise<readonly number[]>;

/** People who register and people who leave. What was not answered is found out by coming to a terminal. */
export class Membership {
  readonly #with: { shop: Shop; population: Population; erase: EraseAtNodes; journal: Journal; dice: Dice; acknowledged: Acknowledged; networkId: string };

  constructor(input: { shop: Shop; population: Population; erase: EraseAtNodes; journal: Journal; dice: Dice; acknowledged: Acknowledged; networkId: string }) {
    this.#with = input;
  }

  /** @param except never leaves */
  async next(except: Somebody): Promise<void> {
    const { population, dice } = this.#with;
    const free = (somebody: Somebody): boolean => !somebody.busy && somebody !== except;
    const unclear = population.with('unclear').find(free);
    if (unclear) return void (await this.register(unclear));
    const [outside, inside] = [population.with('out').filter(free), population.with('in').filter(free)];
    if (inside.length > population.everybody.length / 2 || (inside.length > 3 && dice.below(4) === 0)) return await this.#leave(dice.one(inside)!);
    if (outside.length > 1) await this.register(dice.one(outside)!);
  }

  /** Once, by the same key as the last time when that was not answered. @returns whether it is acknowledged */
  async register(who: Somebody): Promise<boolean> {
    const { shop, journal, acknowledged } = this.#with;
    const kind = who.standing === 'unclear' ? 'registration, again' : 'registration';
    const startedMs = performance.now();
    who.busy = true;
    if (who.standing === 'out') {
      who.key = SigningKey.generate(systemRng);
      [who.sub, who.wallet] = [undefined, undefined];
      who.become('unclear');
    }
    let outcome = 'ok';
    try {
      const client = createRegistrationClient({ bridgeUrl: shop.bridgeUrl, pin: shop.pin });
      const { logEntry, verified } = await client.register({ accountKey: who.key, positions: { 'right-palm': who.plain.palm.samples }, onConsent: () => Promise.resolve(true), signal: AbortSignal.timeout(registrationTimeoutMs) });
      acknowledged.logEntries.push(logEntry);
      if (!verified) journal.violation(`an unverified registration of ${who.identity}`);
      who.become('in');
    } catch (error) {
      outcome = codeOf(error);
      if (!isDocumented(outcome) && (error as Error).name !== 'TimeoutError') journal.violation(`${kind} of ${who.identity} ended with ${outcome}`);
      // Nobody else has this palm: it is one's own registration, of which the answer was lost.
      if (outcome === 'registration.duplicate') {
        if (kind === 'registration') journal.violation(`${who.identity} was found registered before`);
        who.become('in');
      }
    } finally {
      who.busy = false;
    }
    journal.done(kind, outcome, 0, performance.now() - startedMs);
    return who.standing === 'in';
  }

  async #leave(who: Somebody): Promise<void> {
    const { journal, erase, networkId } = this.#with;
    const startedMs = performance.now();
    who.busy = true;
    who.become('unclear');
    let outcome = 'ok';
    try {
      const record: PalmErasure = { v: 1, kind: 'palm-erasure', networkId, accountKey: who.key.publicKey, requestedAt: Math.floor(Date.now() / 1000), nonce: toBase64Url(systemRng.bytes(32)) };
      const request = { record, signed: signAsOwner(palmErasureDomain, palmErasureBytes(record), who.key) };
      // A person who was promised nothing asks again: the same request, until it is answered.
      let pending: readonly number[] = [];
      await until(async () => {
        try {
          pending = await erase(request);
          return true;
        } catch (error) {
          outcome = codeOf(error);
          return false;
        }
      }, 120_000);
      outcome = pending.length > 0 ? 'ok, some nodes later' : 'ok';
      who.become('out');
    } catch {
      journal.note(`erasure of ${who.identity} was not answered: ${outcome}`);
    } finally {
      who.busy = false;
    }
    journal.done('erasure', outcome, 0, performance.now() - startedMs);
  }
}

/** A person who has an attribute and lets the vendor see it. */
export class Member {
  readonly somebody: Somebody;
  readonly #value = 'ada@example.org';
  readonly #vendor: RecipientKey;
  readonly #keys: AttributeNetwork;
  readonly #person: Person;
  #checks: Parameters<typeof openAttributes>[2] | undefined;

  private constructor(somebody: Somebody, person: Person, vendor: RecipientKey, keys: AttributeNetwork) {
    this.somebody = somebody;
    this.#person = person;
    this.#vendor = vendor;
    this.#keys = keys;
  }

  /** Before anything is broken. */
  static async of(network: RunningNetwork, shop: Shop, somebody: Somebody): Promise<Member> {
    const keys = await attributeNetworkOf(network);
    const person = new Person(network, keys, somebody.key);
    const vendor = await vendorKey();
    await person.attributes.write('email', 'ada@example.org');
    const text = { purpose: 'access', version: '1', locale: 'en', title: 'Access', text: 'The shop learns what you allow.' };
    await ask('POST', `${network.gatewayUrl}/v1/consent-texts`, network.credentials.admin.key, text);
    const published = (await person.consents.texts()).find(({ purpose }) => purpose === 'access')!;
    await person.consents.give({ vendorId: shop.vendorId, recipientKey: vendor.publicKey, text: published, attributes: [{ name: 'email', positions: ['right-palm'] }], expiresAt: Math.floor(Date.now() / 1000) + 86_400 });
    return new Member(somebody, person, vendor, keys);
  }

  /** Whether what was released is what was written. */
  async reads(sealed: Parameters<typeof openAttributes>[0], open: typeof openAttributes): Promise<boolean> {
    this.#checks ??= { network: this.#keys, registry: await this.#person.attributes.registry(), now: 0 };
    const values = await open(sealed, this.#vendor, { ...this.#checks, now: Math.floor(Date.now() / 1000) });
    return values.length === 1 && values[0]!.attribute === 'email' && values[0]!.value === this.#value;
  }
}
