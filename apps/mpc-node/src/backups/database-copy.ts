import { type Client, escapeIdentifier } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

/** Keys are carried apart, and what was migrated is the matter of the software that restores. */
const leftOut = ['boop_migrations', 'data_keys'];

export interface Table {
  readonly table: string;
  readonly columns: readonly string[];
}

/** This node's tables, each after those that it refers to. */
export async function tablesOf(client: Client): Promise<Table[]> {
  const columns = await client.query<{ table: string; columns: string[] }>(
    `SELECT c.table_name::text AS table, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name <> ALL ($1) GROUP BY c.table_name ORDER BY c.table_name`,
    [leftOut],
  );
  const references = await client.query<{ child: string; parent: string }>(
    `SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid`,
  );
  const parentsOf = (table: string): string[] => references.rows.filter(({ child }) => child === table).map(({ parent }) => parent);
  const sorted: Table[] = [];
  const place = (table: Table): void => {
    if (sorted.includes(table)) return;
    for (const parent of columns.rows.filter((other) => parentsOf(table.table).includes(other.table))) place(parent);
    sorted.push(table);
  };
  columns.rows.forEach(place);
  return sorted;
}

/** A table's rows in PostgreSQL's binary COPY format, as the client's transaction sees them. */
export const copyOut = (client: Client, table: Table): AsyncIterable<Uint8Array> => client.query(copyTo(`COPY ${place(table)} TO STDOUT (FORMAT binary)`));

/** Where the rows of a table go that another database held. */
export interface TableSink {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

export function copyIn(client: Client, table: Table): TableSink {
  const stream = client.query(copyFrom(`COPY ${place(table)} FROM STDIN (FORMAT binary)`));
  const ended = new Promise<void>((resolve, reject) => stream.once('finish', resolve).once('error', reject));
  // Whoever writes hears of it at the latest at the end.
  ended.catch(() => undefined);
  return {
    async write(bytes) {
      const written = new Promise<void>((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));
      await Promise.race([written, ended]);
    },
    async end() {
      stream.end();
      await ended;
    },
  };
}

export async function isEmpty(client: Client, tables: readonly Table[]): Promise<boolean> {
  for (const { table } of [...tables, { table: 'data_keys' }]) {
    const { rows } = await client.query<{ filled: boolean }>(`SELECT EXISTS (SELECT 1 FROM ${escapeIdentifier(table)}) AS filled`);
    if (rows[0]!.filled) return false;
  }
  return true;
}

/** Rows bring their numbers with them: what counts up goes on after the highest. */
export async function advanceSequences(client: Client): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT table_name::text AS table, column_name::text AS column FROM information_schema.columns WHERE table_schema = 'public' AND (column_default LIKE 'nextval(%' OR is_identity = 'YES')`,
  );
  for (const { table, column } of rows) {
    const highest = `(SELECT max(${escapeIdentifier(column)}) FROM ${escapeIdentifier(table)})`;
    await client.query(`SELECT setval(pg_get_serial_sequence($1, $2), ${highest}) WHERE ${highest} IS NOT NULL`, [escapeIdentifier(table), column]);
  }
}

const place = ({ table, columns }: Table): string => `${escapeIdentifier(table)} (${columns.map((column) => escapeIdentifier(column)).join(', ')})`;
