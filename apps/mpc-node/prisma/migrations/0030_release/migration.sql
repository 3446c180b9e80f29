CREATE TABLE feed_head (
  id integer PRIMARY KEY CHECK (id = 1),
  seq bigint NOT NULL CHECK (seq >= 0),
  digest text NOT NULL
);

CREATE TABLE feed_facts (
  id text PRIMARY KEY,
  owner text NOT NULL,
  sealed bytea NOT NULL
);
CREATE INDEX feed_facts_owner ON feed_facts (owner);

CREATE TABLE answered_requests (
  id text PRIMARY KEY,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX answered_requests_expires_at ON answered_requests (expires_at);
