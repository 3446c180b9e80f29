CREATE TABLE failed_attempts (
  terminal_id TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_failure_at TIMESTAMPTZ(3) NOT NULL
);
