CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  vendor_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  input JSONB NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('created', 'processing', 'completed', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  result JSONB,
  failure TEXT,
  created_at TIMESTAMPTZ(3) NOT NULL,
  ended_at TIMESTAMPTZ(3),
  next_attempt_at TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX jobs_status_next_attempt_at_idx ON jobs (status, next_attempt_at);
CREATE INDEX jobs_ended_at_idx ON jobs (ended_at);
