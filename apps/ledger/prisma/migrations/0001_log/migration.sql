CREATE TABLE entries (
  leaf_index bigint PRIMARY KEY CHECK (leaf_index >= 0),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  bytes bytea NOT NULL CHECK (octet_length(bytes) <= 65535)
);
CREATE UNIQUE INDEX entries_hash_key ON entries (hash);

CREATE TABLE tiles (
  level integer NOT NULL CHECK (level BETWEEN 0 AND 63),
  index bigint NOT NULL CHECK (index >= 0),
  hashes bytea NOT NULL CHECK (octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
  PRIMARY KEY (level, index)
);
-- Hashes do not compress.
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE checkpoints (
  size bigint PRIMARY KEY CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  note text NOT NULL
);

CREATE TABLE log_state (
  id integer PRIMARY KEY CHECK (id = 1),
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  published_size bigint REFERENCES checkpoints (size),
  group_key bytea,
  CHECK (published_size IS NULL OR published_size <= size),
  CHECK ((published_size IS NULL) = (group_key IS NULL))
);
-- The empty tree: RFC 6962 section 2.1, SHA-256 of nothing.
INSERT INTO log_state (id, size, root) VALUES (1, 0, sha256(''::bytea));
