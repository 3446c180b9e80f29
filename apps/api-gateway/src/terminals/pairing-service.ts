import { verifySignature } from '@boop/identity';
import { type newPairingSchema, pairingDomain, type pairingSchema, type Principal, type Terminal } from '@boop/protocol';
import { BoopError, type Clock, fromBase64Url, lengthPrefixed, type Rng, toBase64Url, utf8 } from '@boop/shared';
import { type z } from 'zod';
import { cursorOf, pageOf } from '../http/page.ts';
import { type DirectoryStore } from '../services/ports.ts';
import { type RateLimits } from '../services/rate-limit.ts';
import { newPairingCode, pairingCodeHash } from './pairing-code.ts';
import { type TerminalStore } from './terminal-store.ts';

const codeLifeMs = 10 * 60_000;
/** Codes that may be out in a minute over all clients: few, so that guessing finds none. */
const pairingsPerMinute = 300;

export interface PairingDependencies {
  readonly store: TerminalStore;
  readonly directory: Pick<DirectoryStore, 'vendor'>;
  readonly limits: RateLimits;
  readonly networkId: string;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** What a terminal's device key signs under {@link pairingDomain}. */
export const pairingBytes = (networkId: string, keyHash: Uint8Array): Uint8Array => lengthPrefixed(utf8(networkId), keyHash);

/**
 * Brings terminals and vendors together: the terminal shows a code, the vendor enters it. The terminal chose its API key itself, so no
 * answer holds one and a lost answer costs nothing.
 */
export class PairingService {
  readonly #with: PairingDependencies;

  constructor(dependencies: PairingDependencies) {
    this.#with = dependencies;
  }

  /** @throws BoopError `pairing.bad-signature`, `request.rate-limited` */
  async open(wanted: { deviceKey: string; keyHash: string; signature: string }): Promise<z.infer<typeof newPairingSchema>> {
    const { store, limits, networkId, clock, rng } = this.#with;
    await limits.take('pairings', pairingsPerMinute);
    const keyHash = new Uint8Array(fromBase64Url(wanted.keyHash));
    if (!verifySignature(pairingDomain, pairingBytes(networkId, keyHash), wanted.signature, wanted.deviceKey)) throw new BoopError('pairing.bad-signature', 'the pairing is not signed by the device key');
    const code = newPairingCode(rng);
    const createdAt = new Date(clock.nowMs());
    const expiresAt = new Date(createdAt.getTime() + codeLifeMs);
    const id = `pair_${toBase64Url(rng.bytes(16))}`;
    await store.openPairing({ id, deviceKey: wanted.deviceKey, keyHash, codeHash: pairingCodeHash(code), createdAt, expiresAt });
    return { id, code, expiresAt: expiresAt.toISOString() };
  }

  /** For the terminal that waits; its id is a secret of 128 bits. @throws BoopError `request.not-found`, also when the code's time is over */
  async read(id: string): Promise<z.infer<typeof pairingSchema>> {
    const found = await this.#with.store.pairing(id);
    if (!found || (found.terminalId === undefined && found.expiresAt.getTime() <= this.#with.clock.nowMs())) throw new BoopError('request.not-found', 'there is no such pairing');
    const { terminalId, vendorId, expiresAt } = found;
    return { id, status: terminalId === undefined ? 'waiting' : 'paired', ...(terminalId === undefined ? {} : { terminalId }), ...(vendorId === undefined ? {} : { vendorId }), expiresAt: expiresAt.toISOString() };
  }

  /** @throws BoopError `pairing.unknown-code`, `vendor.suspended`, `request.conflict` when the id is taken */
  async pair(vendorId: string, wish: { code: string; id?: string | undefined; name?: string | undefined }): Promise<Terminal> {
    const { store, directory, clock, rng } = this.#with;
    const vendor = await directory.vendor(vendorId);
    if (!vendor || vendor.suspended) throw new BoopError('vendor.suspended', 'the vendor is suspended');
    const now = new Date(clock.nowMs());
    const waiting = await store.waiting(pairingCodeHash(wish.code), now);
    if (!waiting) throw new BoopError('pairing.unknown-code', 'no terminal waits under this code');
    const terminal = { id: wish.id ?? `term_${toBase64Url(rng.bytes(12))}`, vendorId, name: wish.name ?? '', keyId: `key_${toBase64Url(rng.bytes(16))}` };
    const paired = await store.pair(waiting, terminal, now);
    if (!paired) throw new BoopError('request.conflict', 'the terminal id is taken, or the terminal was paired meanwhile');
    return paired;
  }

  /** @throws BoopError `request.not-found` for another vendor's, as for none */
  async get(caller: Principal, id: string): Promise<Terminal> {
    const terminal = await this.#with.store.find(id);
    const own = !terminal ? false : caller.role === 'vendor' ? terminal.vendorId === caller.id : caller.role === 'terminal' ? terminal.id === caller.id : true;
    if (!terminal || !own) throw new BoopError('request.not-found', 'there is no such terminal');
    return terminal;
  }

  async list(caller: Principal, after: string | undefined, size: number): Promise<{ rows: readonly Terminal[]; next?: string }> {
    const rows = await this.#with.store.list(caller.role === 'vendor' ? caller.id : undefined, after, size + 1);
    return pageOf(rows, size, ({ id }) => cursorOf(id));
  }

  async setSuspended(caller: Principal, id: string, suspended: boolean): Promise<Terminal> {
    const { status } = await this.get(caller, id);
    if (status === 'unpaired') throw new BoopError('request.conflict', 'the terminal is unpaired');
    await this.#with.store.setSuspended(id, suspended ? new Date(this.#with.clock.nowMs()) : null);
    return this.get(caller, id);
  }

  async unpair(caller: Principal, id: string): Promise<void> {
    await this.get(caller, id);
    await this.#with.store.unpair(id, new Date(this.#with.clock.nowMs()));
  }
}
