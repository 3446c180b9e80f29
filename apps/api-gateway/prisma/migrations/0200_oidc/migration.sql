CREATE TABLE oidc_artifacts (
  kind text NOT NULL,
  id_hash bytea NOT NULL,
  payload bytea NOT NULL,
  grant_hash bytea,
  alias_hash bytea,
  consumed_at timestamptz(3),
  expires_at timestamptz(3),
  PRIMARY KEY (kind, id_hash)
);
CREATE INDEX oidc_artifacts_alias ON oidc_artifacts (kind, alias_hash) WHERE alias_hash IS NOT NULL;
CREATE INDEX oidc_artifacts_grant ON oidc_artifacts (grant_hash) WHERE grant_hash IS NOT NULL;
CREATE INDEX oidc_artifacts_expiry ON oidc_artifacts (expires_at);

CREATE TABLE oidc_clients (
  vendor_id text PRIMARY KEY REFERENCES vendors (id),
  metadata jsonb NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

CREATE TABLE oidc_backchannel_requests (
  vendor_id text NOT NULL,
  context_id text NOT NULL,
  request bytea NOT NULL,
  settled_at timestamptz(3),
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (vendor_id, context_id)
);
CREATE INDEX oidc_backchannel_requests_waiting ON oidc_backchannel_requests (expires_at) WHERE settled_at IS NULL;

CREATE TABLE passkeys (
  credential_id text PRIMARY KEY,
  sector text NOT NULL,
  sub text NOT NULL,
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  single_device boolean NOT NULL,
  created_at timestamptz(3) NOT NULL,
  last_used_at timestamptz(3) NOT NULL
);
CREATE INDEX passkeys_subject ON passkeys (sector, sub);
