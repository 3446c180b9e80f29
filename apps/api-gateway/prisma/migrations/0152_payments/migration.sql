CREATE TABLE payments (
  id TEXT PRIMARY KEY,
  vendor_id TEXT NOT NULL,
  authentication_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('reserving', 'reserved', 'posting', 'posted', 'voiding', 'voided', 'refused')),
  amount BIGINT NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL,
  payer TEXT NOT NULL,
  payee TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ(3) NOT NULL,
  changed_at TIMESTAMPTZ(3) NOT NULL,
  next_attempt_at TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX payments_vendor_id_authentication_id_created_at_idx ON payments (vendor_id, authentication_id, created_at);
CREATE INDEX payments_status_next_attempt_at_idx ON payments (status, next_attempt_at);

CREATE TABLE refunds (
  payment_id TEXT NOT NULL REFERENCES payments (id),
  refund_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'posted', 'refused')),
  amount BIGINT NOT NULL CHECK (amount > 0),
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ(3) NOT NULL,
  next_attempt_at TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY (payment_id, refund_id)
);
CREATE INDEX refunds_status_next_attempt_at_idx ON refunds (status, next_attempt_at);
