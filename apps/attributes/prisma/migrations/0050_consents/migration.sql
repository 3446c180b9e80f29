CREATE TABLE consents (
  consent_id  text PRIMARY KEY,
  sequence    bigserial NOT NULL UNIQUE,
  account_key text NOT NULL,
  state       text NOT NULL CHECK (state IN ('pending', 'active', 'revoking', 'revoked')),
  "grant"     jsonb NOT NULL,
  grant_hash  text NOT NULL,
  expires_at  timestamptz(3) NOT NULL,
  revoked_at  timestamptz(3),
  log_entry   text NOT NULL
);
CREATE INDEX consents_account_key_sequence_idx ON consents (account_key, sequence);

CREATE TABLE consent_documents (
  hash         text PRIMARY KEY,
  consent_id   text NOT NULL REFERENCES consents ON DELETE CASCADE,
  position     integer NOT NULL,
  action       text NOT NULL CHECK (action IN ('given', 'changed', 'withdrawn')),
  document     jsonb NOT NULL,
  opening      text NOT NULL,
  log_entry    text NOT NULL,
  acknowledged boolean NOT NULL DEFAULT false,
  UNIQUE (consent_id, position)
);
CREATE INDEX consent_documents_unacknowledged_idx ON consent_documents (consent_id) WHERE NOT acknowledged;

CREATE TABLE consent_events (
  sequence bigserial PRIMARY KEY,
  entry    bytea NOT NULL,
  notify   jsonb
);

CREATE TABLE purpose_texts (
  purpose text NOT NULL,
  version text NOT NULL,
  locale  text NOT NULL,
  title   text NOT NULL,
  text    text NOT NULL,
  hash    text NOT NULL UNIQUE,
  PRIMARY KEY (purpose, version, locale)
);
