import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import { type Clock } from '@boop/shared';
import { type Database, isUniqueViolation } from '../../store/database.ts';
import { type OidcSecrets } from '../oidc-secrets.ts';
import { seal, unseal } from './sealed-box.ts';

export interface ArtifactSurroundings {
  readonly database: Database;
  readonly secrets: OidcSecrets;
  readonly clock: Clock;
}

/**
 * Where the OpenID provider keeps what it issues. Whoever reads the tables learns no token: identifiers, which are the tokens, appear as
 * keyed hashes, and payloads are sealed. A code is consumed once and a proof is new once, also when two requests race.
 */
export function artifactAdapter(kind: string, { database, secrets, clock }: ArtifactSurroundings): Adapter {
  const table = database.oidcArtifact;
  const hash = (id: string) => secrets.indexOf(kind, id);
  const where = (id: string) => ({ kind_idHash: { kind, idHash: hash(id) } });

  const opened = (row: { idHash: Uint8Array; payload: Uint8Array; consumedAt: Date | null } | null): AdapterPayload | undefined => {
    const text = row ? unseal(secrets.sealingKey, placeOf(kind, row.idHash), row.payload) : undefined;
    if (!row || text === undefined) return undefined;
    const payload = JSON.parse(text) as AdapterPayload;
    return row.consumedAt ? { ...payload, consumed: Math.floor(row.consumedAt.getTime() / 1000) } : payload;
  };

  return {
    async upsert(id, payload, expiresIn) {
      const alias = payload.uid ?? payload.userCode;
      const data = {
        payload: seal(secrets.sealingKey, placeOf(kind, hash(id)), JSON.stringify(payload)),
        grantHash: payload.grantId === undefined ? null : secrets.indexOf('grantId', payload.grantId),
        aliasHash: alias === undefined ? null : hash(`alias ${alias}`),
        expiresAt: expiresIn === undefined ? null : new Date(clock.nowMs() + expiresIn * 1000),
      };
      const create = { kind, idHash: hash(id), ...data };
      if (kind !== 'ReplayDetection') return void (await table.upsert({ where: where(id), create, update: data }));
      try {
        await table.create({ data: create });
      } catch (error) {
        throw isUniqueViolation(error) ? new errors.InvalidGrant('DPoP proof JWT Replay detected') : error;
      }
    },
    find: async (id) => opened(await table.findUnique({ where: where(id) })),
    findByUid: async (uid) => opened(await table.findFirst({ where: { kind, aliasHash: hash(`alias ${uid}`) } })),
    findByUserCode: async (userCode) => opened(await table.findFirst({ where: { kind, aliasHash: hash(`alias ${userCode}`) } })),
    async consume(id) {
      const { count } = await table.updateMany({ where: { kind, idHash: hash(id), consumedAt: null }, data: { consumedAt: new Date(clock.nowMs()) } });
      if (count !== 1) throw new errors.InvalidGrant('already consumed');
    },
    async destroy(id) {
      await table.deleteMany({ where: { kind, idHash: hash(id) } });
    },
    async revokeByGrantId(grantId) {
      await table.deleteMany({ where: { kind, grantHash: secrets.indexOf('grantId', grantId) } });
    },
  };
}

const placeOf = (kind: string, idHash: Uint8Array): string => `${kind} ${Buffer.from(idHash).toString('hex')}`;

/** Whoever comes with what has just expired is told so, and not that there was never such a thing. */
const rememberedMs = 5 * 60_000;

/** Forgets what expired a while ago; one call removes at most some thousands of rows. */
export async function pruneArtifacts({ database, clock }: Pick<ArtifactSurroundings, 'database' | 'clock'>): Promise<void> {
  const [now, before] = [new Date(clock.nowMs()), new Date(clock.nowMs() - rememberedMs)];
  await database.$executeRaw`DELETE FROM oidc_artifacts WHERE ctid IN (SELECT ctid FROM oidc_artifacts WHERE expires_at < ${before} LIMIT 5000)`;
  await database.oidcBackchannelRequest.deleteMany({ where: { expiresAt: { lt: now } } });
}
