import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { systemRng } from '@boop/platform';
import { createRegistrationClient } from '@boop/sdk';
import { isBoopError } from '@boop/shared';
import { seededRng } from '@boop/testing';
import pg from 'pg';
import { until } from '../network-harness.ts';
import { type Palm, syntheticPalmOf } from '../palms.ts';
import { Shop } from '../shop.ts';
import { ChaosNetwork } from '../soak/chaos-network.ts';

/** Durable writes of a registration at the gateway, as its sources name them. */
const points = ['session.open', 'session.samples', 'session.running', 'session.done', 'session.ended', 'outbox.acknowledge'] as const;
const crashes = points.flatMap((point) => (['before', 'after'] as const).map((when) => ({ point, when })));

const clientTimeoutMs = 90_000;
const endTimeoutMs = 180_000;
const firstIdentity = 2_000;

describe('a gateway that dies at any write of a registration', () => {
  let network: ChaosNetwork;
  let shop: Shop;
  let identity = firstIdentity;

  /** @returns entry of the log, or the code of a refusal */
  const register = async (accountKey: SigningKey, palm: Palm): Promise<{ entry: string } | { code: string }> => {
    try {
      const client = createRegistrationClient({ bridgeUrl: shop.bridgeUrl, pin: shop.pin });
      const { logEntry } = await client.register({ accountKey, positions: { 'right-palm': palm.samples }, onConsent: () => Promise.resolve(true), signal: AbortSignal.timeout(clientTimeoutMs) });
      return { entry: logEntry };
    } catch (error) {
      if (isBoopError(error)) return { code: error.code };
      if ((error as Error).name === 'TimeoutError') return { code: 'no answer' };
      throw error;
    }
  };
  const registered = async (accountKey: SigningKey, palm: Palm): Promise<{ entry: string } | { code: string }> => {
    let last: { entry: string } | { code: string } = { code: 'never asked' };
    await until(async () => {
      last = await register(accountKey, palm);
      return 'entry' in last || last.code === 'registration.duplicate';
    }, endTimeoutMs);
    return last;
  };
  const newestSession = async (): Promise<string | undefined> => {
    const client = new pg.Client({ connectionString: network.shown.adminUrl('gateway') });
    await client.connect();
    try {
      const { rows } = await client.query<{ state: string }>('SELECT state FROM registrations ORDER BY created_at DESC LIMIT 1');
      return rows[0]?.state;
    } finally {
      await client.end();
    }
  };
  /** What a node says of itself at this moment; what the gateway tells of it is a second old. */
  const metricsOf = async (party: number): Promise<(name: string) => number | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${network.shown.portBase + 60 + party}/metrics`)).text();
    return (name) => {
      const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'm').exec(text)?.[1];
      return value === undefined ? undefined : Number(value);
    };
  };
  /** Once nodes and gateway have settled what was left open. @returns rows at every node */
  const settled = async (): Promise<number> => {
    await network.settled();
    await until(async () => (await newestSession()) !== 'running', endTimeoutMs);
    let rows: (number | undefined)[] = [];
    await until(async () => {
      const nodes = await Promise.all(network.shown.manifest.members.map(({ party }) => metricsOf(party)));
      rows = nodes.map((levels) => levels('boop_node_gallery_rows'));
      return rows[0] !== undefined && new Set(rows).size === 1 && nodes.every((levels) => levels('boop_node_sessions') === 0);
    }, endTimeoutMs);
    return rows[0]!;
  };

  beforeAll(async () => {
    network = await ChaosNetwork.start(seededRng(1));
    shop = new Shop(network.shown);
  }, 600_000);

  afterAll(async () => {
    shop?.close();
    await network?.stop();
  }, 60_000);

  test.each(crashes)('$when $point: the state is the one before or the one after, and what was acknowledged is there', async ({ point, when }) => {
    const accountKey = SigningKey.generate(systemRng);
    const palm = syntheticPalmOf((identity += 1));
    // A session ends without a registration when somebody has this palm already.
    if (point === 'session.ended') expect(await registered(SigningKey.generate(systemRng), palm)).toMatchObject({ entry: expect.any(String) });
    const before = await settled();
    const { died } = await network.arm('gateway', `${point} ${when}`);
    await network.settled();
    const first = await register(accountKey, palm);
    await died;
    const after = await settled();
    if (point === 'session.ended') return void expect(after).toBe(before);
    expect([before, before + 1]).toContain(after);
    if ('entry' in first) expect(after).toBe(before + 1);
    // The row of the gateway says what the nodes have.
    if ((await newestSession()) === 'done') expect(after).toBe(before + 1);
    const again = await registered(accountKey, palm);
    expect('entry' in again).toBe(after === before);
    if (after === before) expect(await settled()).toBe(before + 1);
    for (const answer of [first, again]) {
      if (!('entry' in answer)) continue;
      const proof = await shop.vendor.getLogProof(answer.entry, { waitMs: endTimeoutMs });
      await shop.vendor.verifyProof(proof, answer.entry);
    }
    await until(async () => (await shop.authenticate(palm.others[0]!).catch(() => undefined))?.outcome === 'accepted', endTimeoutMs);
  }, 900_000);
});
