CREATE SEQUENCE mutation_sequence;

-- One account's versions lie in one partition, by its place in the map: what shards by account here shards with the same proofs.
CREATE TABLE mutations (
  map_index bytea NOT NULL CHECK (octet_length(map_index) = 32),
  version bigint NOT NULL CHECK (version >= 0),
  sequence bigint NOT NULL DEFAULT nextval('mutation_sequence'),
  bytes bytea NOT NULL CHECK (octet_length(bytes) <= 65535),
  revision bigint CHECK (revision >= 1),
  PRIMARY KEY (map_index, version)
) PARTITION BY HASH (map_index);
CREATE INDEX mutations_waiting ON mutations (sequence) WHERE revision IS NULL;
CREATE INDEX mutations_revision ON mutations (revision);

-- What a commitment opens to; deleted on erasure, while commitments and proofs stay.
CREATE TABLE openings (
  map_index bytea NOT NULL CHECK (octet_length(map_index) = 32),
  version bigint NOT NULL,
  label bytea NOT NULL CHECK (octet_length(label) BETWEEN 1 AND 255),
  opening bytea NOT NULL CHECK (octet_length(opening) = 32),
  value bytea NOT NULL CHECK (octet_length(value) <= 32768),
  PRIMARY KEY (map_index, version),
  FOREIGN KEY (map_index, version) REFERENCES mutations (map_index, version)
) PARTITION BY HASH (map_index);

-- Nodes of all revisions, by content.
CREATE TABLE map_nodes (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  bytes bytea NOT NULL CHECK (octet_length(bytes) = 65)
) PARTITION BY HASH (hash);

DO $$
BEGIN
  FOR part IN 0..7 LOOP
    EXECUTE format('CREATE TABLE mutations_%s PARTITION OF mutations FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
    EXECUTE format('CREATE TABLE openings_%s PARTITION OF openings FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
    EXECUTE format('CREATE TABLE map_nodes_%s PARTITION OF map_nodes FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
  END LOOP;
END $$;

-- A revision exists once its record is in the log; it is served once a published checkpoint covers that.
CREATE TABLE map_revisions (
  revision bigint PRIMARY KEY CHECK (revision >= 1),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  leaf_index bigint NOT NULL UNIQUE REFERENCES entries (leaf_index),
  vrf_key bytea NOT NULL CHECK (octet_length(vrf_key) = 32),
  transition bytea NOT NULL
);

-- Cosignatures (C2SP tlog-cosignature) of published checkpoints, by nodes and witnesses.
CREATE TABLE cosignatures (
  size bigint NOT NULL REFERENCES checkpoints (size),
  vkey text NOT NULL,
  line text NOT NULL CHECK (octet_length(line) <= 1000),
  PRIMARY KEY (size, vkey)
);

-- Heads of other logs, as this ledger last cosigned them as their witness.
CREATE TABLE witnessed_logs (
  origin text PRIMARY KEY,
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32)
);
