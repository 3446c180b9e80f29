import { unavailableIfDriverFails } from '@boop/platform';
import { Pool, type QueryResultRow } from 'pg';
import { type EventReader, type StoredEvent } from './event-reader.ts';

/** LISTEN/NOTIFY channel of the gateway; the payload names the stream that has news. */
export const notifyChannel = 'channel_event';

export interface PostgresReader extends EventReader {
  /** All streams that have history. */
  streams(): Promise<string[]>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * The tables `channel_streams` and `channel_events` belong to the gateway, whose migrations create them; the bridge only reads. While the database is away
 * reads fail with `service.unavailable`.
 */
export function postgresEventReader(databaseUrl: string, onError: (error: Error) => void): PostgresReader {
  const pool = new Pool({ connectionString: databaseUrl, max: 8, options: '-c default_transaction_read_only=on' });
  pool.on('error', onError);
  const query = async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> => {
    try {
      return (await pool.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw unavailableIfDriverFails(error);
    }
  };
  return {
    async position(stream) {
      const rows = await query<{ epoch: string; last_offset: string }>('SELECT epoch, last_offset FROM channel_streams WHERE stream = $1', [stream]);
      return rows[0] ? { epoch: rows[0].epoch, last: Number(rows[0].last_offset) } : undefined;
    },
    async after(stream, offset, limit) {
      const rows = await query<{ epoch: string; event_offset: string | null; payload: StoredEvent['payload'] }>(
        `SELECT s.epoch, e.event_offset, e.payload FROM channel_streams s
         LEFT JOIN channel_events e ON e.stream = s.stream AND e.event_offset > $2
         WHERE s.stream = $1 ORDER BY e.event_offset LIMIT $3`,
        [stream, offset, limit],
      );
      const events = rows.filter(({ event_offset }) => event_offset !== null).map(({ event_offset, payload }) => ({ offset: Number(event_offset), payload }));
      return { epoch: rows[0]?.epoch, events };
    },
    async isComplete(stream, offset) {
      const rows = await query<{ complete: boolean }>(
        `SELECT s.last_offset - $2 = (SELECT count(*) FROM channel_events e WHERE e.stream = s.stream AND e.event_offset > $2 AND e.event_offset <= s.last_offset) AS complete
         FROM channel_streams s WHERE s.stream = $1`,
        [stream, offset],
      );
      return rows[0]?.complete ?? false;
    },
    async streams() {
      const rows = await query<{ stream: string }>('SELECT DISTINCT stream FROM channel_events');
      return rows.map(({ stream }) => stream);
    },
    ping: () => pool.query('SELECT 1').then(() => true, () => false),
    close: () => pool.end(),
  };
}
