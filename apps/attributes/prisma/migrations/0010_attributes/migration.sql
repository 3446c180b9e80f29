CREATE TABLE feed_entries (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  hash text NOT NULL UNIQUE,
  digest text NOT NULL,
  type text NOT NULL,
  person_id text NOT NULL,
  consent_id text,
  attribute text,
  version integer,
  document jsonb,
  receipts jsonb NOT NULL,
  settled boolean NOT NULL,
  refused text,
  published_at timestamptz(3) NOT NULL
);
CREATE INDEX feed_entries_person ON feed_entries (person_id);

CREATE TABLE attribute_values (
  person_id text NOT NULL,
  attribute text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  document jsonb NOT NULL,
  ciphertext bytea NOT NULL,
  opening bytea NOT NULL,
  written_at timestamptz(3) NOT NULL,
  PRIMARY KEY (person_id, attribute, version)
) PARTITION BY HASH (person_id);

CREATE TABLE releases (
  person_id text NOT NULL,
  basis text NOT NULL,
  attribute text NOT NULL,
  version integer NOT NULL,
  by text NOT NULL CHECK (by IN ('device', 'palm')),
  consent_id text,
  vendor_id text,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (person_id, basis)
) PARTITION BY HASH (person_id);
CREATE INDEX releases_person_at ON releases (person_id, at);

DO $$
BEGIN
  FOR i IN 0..15 LOOP
    EXECUTE format('CREATE TABLE attribute_values_%s PARTITION OF attribute_values FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
    EXECUTE format('CREATE TABLE releases_%s PARTITION OF releases FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
  END LOOP;
END $$;

CREATE TABLE attribute_definitions (
  name text PRIMARY KEY,
  position serial NOT NULL,
  definition jsonb NOT NULL
);

CREATE TABLE attribute_issuers (
  id text PRIMARY KEY,
  issuer jsonb NOT NULL
);
