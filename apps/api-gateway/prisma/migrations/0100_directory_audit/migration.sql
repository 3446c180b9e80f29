ALTER TABLE vendors
  ADD COLUMN operating_point TEXT,
  ADD COLUMN sandbox BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN suspended_at TIMESTAMPTZ(3),
  ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

ALTER TABLE terminals
  ADD COLUMN name TEXT NOT NULL DEFAULT '',
  ADD COLUMN suspended_at TIMESTAMPTZ(3),
  ADD COLUMN unpaired_at TIMESTAMPTZ(3);
CREATE INDEX terminals_vendor_id_id_idx ON terminals (vendor_id, id);

CREATE TABLE pairings (
  id TEXT PRIMARY KEY,
  code_hash BYTEA NOT NULL UNIQUE CHECK (length(code_hash) = 32),
  device_key TEXT NOT NULL,
  key_hash BYTEA NOT NULL CHECK (length(key_hash) = 32),
  terminal_id TEXT REFERENCES terminals (id),
  created_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX pairings_expires_at_idx ON pairings (expires_at);

ALTER TABLE api_keys DROP CONSTRAINT api_keys_role_check;
ALTER TABLE api_keys
  ADD CONSTRAINT api_keys_role_check CHECK (role IN ('vendor', 'terminal', 'admin', 'auditor', 'attester', 'adjudicator', 'custodian')),
  ADD COLUMN id TEXT NOT NULL UNIQUE DEFAULT 'key_' || replace(gen_random_uuid()::text, '-', ''),
  ADD COLUMN name TEXT NOT NULL DEFAULT '',
  ADD COLUMN expires_at TIMESTAMPTZ(3);
CREATE INDEX api_keys_role_principal_id_id_idx ON api_keys (role, principal_id, id);

CREATE INDEX authentications_vendor_id_created_at_id_idx ON authentications (vendor_id, created_at DESC, id DESC);

CREATE TABLE audit_entries (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at TIMESTAMPTZ(3) NOT NULL,
  request_id TEXT NOT NULL,
  role TEXT NOT NULL,
  principal TEXT,
  action TEXT NOT NULL,
  target TEXT,
  status INTEGER NOT NULL
);
CREATE INDEX audit_entries_role_principal_id_idx ON audit_entries (role, principal, id);
CREATE INDEX audit_entries_action_id_idx ON audit_entries (action, id);
CREATE INDEX audit_entries_at_idx ON audit_entries (at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Counters of rate limits, in the layout of rate-limiter-flexible. Lost counters are no loss, so they are not logged ahead.
CREATE UNLOGGED TABLE rate_limits (
  key VARCHAR(255) PRIMARY KEY,
  points INTEGER NOT NULL DEFAULT 0,
  expire BIGINT
);
