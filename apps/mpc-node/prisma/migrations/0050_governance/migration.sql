-- What custodians have proposed and said, the chain of manifests that came of it, and entries of the log that wait to be written.
CREATE TABLE manifest_proposals (
  digest text PRIMARY KEY,
  proposal jsonb NOT NULL
);

CREATE TABLE manifest_votes (
  proposal text NOT NULL REFERENCES manifest_proposals ON DELETE CASCADE,
  party integer NOT NULL,
  decision text NOT NULL CHECK (decision IN ('approve', 'reject')),
  vote jsonb NOT NULL,
  PRIMARY KEY (proposal, party, decision)
);

CREATE TABLE manifest_links (
  epoch integer PRIMARY KEY,
  link jsonb NOT NULL
);

CREATE TABLE pending_entries (
  id bigserial PRIMARY KEY,
  hash text NOT NULL UNIQUE,
  entry bytea NOT NULL,
  receipts jsonb NOT NULL,
  written boolean NOT NULL DEFAULT false
);
