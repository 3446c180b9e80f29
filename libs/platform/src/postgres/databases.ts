import { Client, escapeIdentifier, escapeLiteral } from 'pg';

export interface DatabaseSpec {
  readonly name: string;
  /** Role that owns the database and is the only one, besides the administrator, that may connect to it. */
  readonly user: string;
}

/** Creates what is missing and sets the roles' passwords and rights. Several databases may share a role. */
export async function ensureDatabases(
  adminUrl: string,
  databases: readonly DatabaseSpec[],
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const roles = await namesIn(client, 'SELECT rolname AS name FROM pg_roles');
    const existing = await namesIn(client, 'SELECT datname AS name FROM pg_database');
    for (const role of new Set(databases.map((database) => database.user))) {
      const verb = roles.has(role) ? 'ALTER' : 'CREATE';
      await client.query(`${verb} ROLE ${escapeIdentifier(role)} LOGIN PASSWORD ${escapeLiteral(passwords[role]!)}`);
    }
    for (const { name, user } of databases) {
      const database = escapeIdentifier(name);
      if (!existing.has(name)) await client.query(`CREATE DATABASE ${database} OWNER ${escapeIdentifier(user)}`);
      await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    }
    await client.query('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
    await client.query('REVOKE CONNECT ON DATABASE template1 FROM PUBLIC');
  } finally {
    await client.end();
  }
}

async function namesIn(client: Client, query: string): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(query);
  return new Set(rows.map((row) => row.name));
}
