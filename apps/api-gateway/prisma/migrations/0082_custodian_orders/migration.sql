CREATE TABLE custodian_orders (
  id TEXT PRIMARY KEY,
  document BYTEA NOT NULL,
  created_by TEXT NOT NULL,
  created_at TIMESTAMPTZ(3) NOT NULL,
  expires_at TIMESTAMPTZ(3) NOT NULL,
  ended_as TEXT CHECK (ended_as IN ('done', 'refused', 'expired')),
  outcome JSONB,
  CHECK ((ended_as IS NULL OR ended_as = 'expired') = (outcome IS NULL))
);
CREATE INDEX custodian_orders_created_at_id_idx ON custodian_orders (created_at, id);

CREATE TABLE custodian_signatures (
  order_id TEXT NOT NULL REFERENCES custodian_orders (id) ON DELETE CASCADE,
  party INTEGER NOT NULL CHECK (party BETWEEN 1 AND 255),
  signature TEXT NOT NULL,
  PRIMARY KEY (order_id, party)
);
