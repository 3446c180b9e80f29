-- Backups that this node made, each naming the one before it.
CREATE TABLE backups (
  sequence   integer PRIMARY KEY,
  digest     bytea NOT NULL,
  kind       text NOT NULL,
  created_at timestamptz NOT NULL
);
