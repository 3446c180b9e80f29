-- Amounts are minor units. Ids are compared byte by byte. What belongs to an owner stands in one hash partition.
CREATE TABLE accounts (
  owner text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL CHECK (starts_with(id, owner || ':')),
  asset text COLLATE "C" NOT NULL,
  debit_limit bigint CHECK (debit_limit >= 0),
  credit_limit bigint CHECK (credit_limit >= 0),
  opening bytea NOT NULL CHECK (octet_length(opening) = 32),
  debits_pending bigint NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
  debits_posted bigint NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
  credits_pending bigint NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
  credits_posted bigint NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
  PRIMARY KEY (owner, id)
) PARTITION BY HASH (owner);

CREATE TABLE transfers (
  id text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL UNIQUE CHECK (sequence > 0),
  at_ms bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('single', 'pending', 'post', 'void', 'expire')),
  debit_account text COLLATE "C" NOT NULL,
  credit_account text COLLATE "C" NOT NULL CHECK (credit_account <> debit_account),
  amount bigint NOT NULL CHECK (amount > 0),
  asset text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  -- Unique: a reservation ends once, whatever the program believes.
  pending_id text COLLATE "C" UNIQUE REFERENCES transfers (id),
  timeout_seconds bigint NOT NULL DEFAULT 0 CHECK (timeout_seconds >= 0),
  reference text NOT NULL DEFAULT '',
  CHECK ((pending_id IS NOT NULL) = (kind IN ('post', 'void', 'expire')))
);
CREATE INDEX transfers_at_ms ON transfers (at_ms, sequence);

-- Both sides of every transfer, with the account's balances after it.
CREATE TABLE account_entries (
  owner text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  side text NOT NULL CHECK (side IN ('debit', 'credit')),
  debits_pending bigint NOT NULL CHECK (debits_pending >= 0),
  debits_posted bigint NOT NULL CHECK (debits_posted >= 0),
  credits_pending bigint NOT NULL CHECK (credits_pending >= 0),
  credits_posted bigint NOT NULL CHECK (credits_posted >= 0),
  PRIMARY KEY (owner, account_id, sequence)
) PARTITION BY HASH (owner);

-- Read model of reports: what moved, by account, day (UTC) and code.
CREATE TABLE daily_totals (
  owner text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  code text COLLATE "C" NOT NULL,
  asset text COLLATE "C" NOT NULL,
  credit_count bigint NOT NULL,
  credits bigint NOT NULL,
  debit_count bigint NOT NULL,
  debits bigint NOT NULL,
  PRIMARY KEY (owner, account_id, day, code)
) PARTITION BY HASH (owner);

DO $$
BEGIN
  FOR part IN 0..7 LOOP
    -- Balances change in place: room for that keeps the index out of it (heap-only tuples).
    EXECUTE format('CREATE TABLE accounts_%s PARTITION OF accounts FOR VALUES WITH (MODULUS 8, REMAINDER %s) WITH (fillfactor = 70)', part, part);
    EXECUTE format('CREATE TABLE account_entries_%s PARTITION OF account_entries FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
    EXECUTE format('CREATE TABLE daily_totals_%s PARTITION OF daily_totals FOR VALUES WITH (MODULUS 8, REMAINDER %s) WITH (fillfactor = 70)', part, part);
  END LOOP;
END $$;

-- Reservations that have not ended.
CREATE TABLE open_reservations (
  id text COLLATE "C" PRIMARY KEY REFERENCES transfers (id),
  sequence bigint NOT NULL,
  expires_at_ms bigint
);
CREATE INDEX open_reservations_expiry ON open_reservations (expires_at_ms, sequence) WHERE expires_at_ms IS NOT NULL;

-- Ids that a failure has used up.
CREATE TABLE failed_transfers (
  id text COLLATE "C" PRIMARY KEY,
  status text NOT NULL,
  at_ms bigint NOT NULL
);

-- One row; who holds its lock writes the next batch.
CREATE TABLE accounts_head (
  id integer PRIMARY KEY CHECK (id = 1),
  sequence bigint NOT NULL CHECK (sequence >= 0),
  batch bigint NOT NULL CHECK (batch >= 0),
  at_ms bigint NOT NULL
);
INSERT INTO accounts_head (id, sequence, batch, at_ms) VALUES (1, 0, 0, 0);

-- Outbox of the log: transfers first_sequence … last_sequence as one entry; leaf_index when the log has it.
CREATE TABLE transfer_batches (
  batch bigint PRIMARY KEY CHECK (batch > 0),
  first_sequence bigint NOT NULL UNIQUE,
  last_sequence bigint NOT NULL UNIQUE CHECK (last_sequence >= first_sequence),
  entry_hash bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
  entry bytea NOT NULL,
  leaf_index bigint
);

-- Outbox of the log: commitments to all balances, after the transfer of this sequence.
CREATE TABLE balance_commitments (
  revision bigint PRIMARY KEY CHECK (revision > 0),
  sequence bigint NOT NULL,
  commitment jsonb NOT NULL,
  commitment_hash bytea NOT NULL CHECK (octet_length(commitment_hash) = 32),
  entry_hash bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
  entry bytea NOT NULL,
  leaf_index bigint
);

-- Settlement runs; the rows still `requested` are the work to do.
CREATE TABLE settlements (
  id text COLLATE "C" PRIMARY KEY,
  owner text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  asset text COLLATE "C" NOT NULL,
  from_ms bigint NOT NULL,
  to_ms bigint NOT NULL CHECK (to_ms > from_ms),
  -- The fee schedule as it was when the run was asked for.
  schedule jsonb NOT NULL,
  status text NOT NULL DEFAULT 'requested' CHECK (status IN ('requested', 'settled', 'refused')),
  totals jsonb,
  transfers jsonb
);
CREATE INDEX settlements_waiting ON settlements (id) WHERE status = 'requested';
CREATE INDEX settlements_of_owner ON settlements (owner, id);
CREATE INDEX settlements_of_account ON settlements (account_id, from_ms);

CREATE TABLE reconciliations (
  id text COLLATE "C" PRIMARY KEY,
  owner text COLLATE "C" NOT NULL,
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  report jsonb NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME;
END $$;
CREATE TRIGGER transfers_immutable BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfers_kept BEFORE TRUNCATE ON transfers EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_entries_immutable BEFORE UPDATE OR DELETE ON account_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_entries_kept BEFORE TRUNCATE ON account_entries EXECUTE FUNCTION refuse_change();
