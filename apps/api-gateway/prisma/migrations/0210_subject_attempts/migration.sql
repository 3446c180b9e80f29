CREATE TABLE failed_subject_attempts (
  vendor_id TEXT NOT NULL,
  subject_hash TEXT NOT NULL,
  failures INTEGER NOT NULL,
  last_failure_at TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY (vendor_id, subject_hash)
);
