import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** Types of the system catalogue that adapter-pg doesn't know ("char", name, int2vector, reg*), by object id; read as text. */
const CATALOGUE_TYPES = new Set([18, 19, 22, 24, 30, 2205, 2206]);
const TEXT = 25;

export async function query(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

export async function createDatabase(url) {
  const { adminUrl, database } = split(url);
  await query(adminUrl, `CREATE DATABASE ${pg.escapeIdentifier(database)}`);
  return database;
}

export async function dropDatabase(url) {
  const { adminUrl, database } = split(url);
  await query(adminUrl, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)}`);
}

/** A driver adapter factory that also makes the shadow databases against which migrations are checked. */
export function schemaAdapterFactory(url) {
  const { searchParams } = new URL(url ?? NO_DATABASE);
  return bindMigrationAwareSqlAdapterFactory(new ShadowFactory(url, { schema: searchParams.get('schema') ?? undefined }));
}

/** `prisma generate` needs none; nothing listens there. */
const NO_DATABASE = 'postgresql://127.0.0.1:1/none';

class ShadowFactory extends PrismaPg {
  #url;
  #connection;

  constructor(url, options) {
    const connection = connectionOf(url ?? NO_DATABASE);
    super(connection, options);
    this.#url = url;
    this.#connection = connection;
  }

  /** adapter-pg drops the shadow database while its own pool still holds it; here the pool ends first. */
  async connectToShadowDb() {
    const database = `prisma_migrate_shadow_db_${randomUUID()}`;
    const name = pg.escapeIdentifier(database);
    await query(this.#url, `CREATE DATABASE ${name}`);
    const adapter = await new PrismaPg({ ...this.#connection, database }).connect();
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await query(this.#url, `DROP DATABASE ${name} WITH (FORCE)`);
    };
    return adapter;
  }
}

class CatalogueClient extends pg.Client {
  query(...args) {
    const callback = args.at(-1);
    if (typeof callback !== 'function') {
      const result = super.query(...args);
      return typeof result?.then === 'function' ? result.then(asText) : result;
    }
    return super.query(...args.slice(0, -1), (error, result) => callback(error, asText(result)));
  }
}

function asText(result) {
  for (const part of [result ?? []].flat()) {
    for (const field of part.fields ?? []) if (CATALOGUE_TYPES.has(field.dataTypeID)) field.dataTypeID = TEXT;
  }
  return result;
}

/** In parts, as adapter-pg ignores its shadow database when it is given a connection string. */
function connectionOf(url) {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    Client: CatalogueClient,
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password) || undefined,
    database: decodeURIComponent(pathname.slice(1)),
    max: 4,
  };
}

function split(url) {
  const admin = new URL(url);
  const database = decodeURIComponent(admin.pathname.slice(1));
  admin.pathname = '/postgres';
  return { adminUrl: admin.toString(), database };
}
