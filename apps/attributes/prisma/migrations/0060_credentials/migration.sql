CREATE TABLE credentials (
  index       serial PRIMARY KEY,
  account_key text,
  request     text UNIQUE,
  attributes  text[] NOT NULL,
  status      text NOT NULL DEFAULT 'valid' CHECK (status IN ('valid', 'invalid', 'suspended')),
  expires_at  timestamptz(3)
);
CREATE INDEX credentials_account_key_idx ON credentials (account_key);
