CREATE TABLE data_keys (
  epoch integer PRIMARY KEY,
  wrapped bytea NOT NULL
);

CREATE TABLE registrations (
  id text PRIMARY KEY,
  first_slot integer NOT NULL UNIQUE CHECK (first_slot >= 0),
  record bytea NOT NULL,
  certificate bytea,
  prepared_at timestamptz(3) NOT NULL
);

CREATE TABLE gallery_rows (
  slot integer PRIMARY KEY CHECK (slot >= 0),
  epoch integer NOT NULL,
  version integer NOT NULL,
  share bytea NOT NULL,
  registration_id text NOT NULL REFERENCES registrations (id) ON DELETE CASCADE
);
CREATE INDEX gallery_rows_registration ON gallery_rows (registration_id);

CREATE TABLE seen_splits (
  id text PRIMARY KEY,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX seen_splits_expires_at ON seen_splits (expires_at);

CREATE TABLE group_key_shares (
  name text PRIMARY KEY,
  ceremony_id bytea NOT NULL,
  share bytea NOT NULL,
  confirmed boolean NOT NULL
);

CREATE TABLE checkpoint_head (
  id integer PRIMARY KEY CHECK (id = 1),
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL
);
