CREATE TABLE registration_links (
  id TEXT PRIMARY KEY,
  creator_role TEXT NOT NULL,
  creator_id TEXT NOT NULL,
  secret_hash BYTEA NOT NULL CHECK (length(secret_hash) = 32),
  positions TEXT[] NOT NULL CHECK (cardinality(positions) > 0),
  locale TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  opened_at TIMESTAMPTZ(3),
  ended_as TEXT CHECK (ended_as IN ('cancelled', 'expired')),
  CHECK (opened_at IS NULL OR ended_as IS NULL)
);
CREATE INDEX registration_links_waiting_idx ON registration_links (expires_at) WHERE opened_at IS NULL AND ended_as IS NULL;

-- The vendor that is told how it ends; none when a person came without a link.
ALTER TABLE registrations ADD COLUMN vendor_id TEXT;
