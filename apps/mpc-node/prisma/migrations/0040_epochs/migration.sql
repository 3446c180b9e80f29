-- Shares belong to an epoch; two epochs stand side by side while a network changes from one to the next.
ALTER TABLE registrations ADD COLUMN epoch integer;
UPDATE registrations SET epoch = COALESCE((SELECT max(epoch) FROM gallery_rows), 1);
ALTER TABLE registrations ALTER COLUMN epoch SET NOT NULL;

ALTER TABLE gallery_rows DROP CONSTRAINT gallery_rows_registration_id_fkey;
ALTER TABLE registrations DROP CONSTRAINT registrations_pkey, DROP CONSTRAINT registrations_first_slot_key;
ALTER TABLE registrations ADD PRIMARY KEY (epoch, id), ADD UNIQUE (epoch, first_slot);
ALTER TABLE gallery_rows DROP CONSTRAINT gallery_rows_pkey;
ALTER TABLE gallery_rows ADD PRIMARY KEY (epoch, slot);
ALTER TABLE gallery_rows ADD FOREIGN KEY (epoch, registration_id) REFERENCES registrations (epoch, id) ON DELETE CASCADE;
DROP INDEX gallery_rows_registration;
CREATE INDEX gallery_rows_registration ON gallery_rows (epoch, registration_id);

ALTER TABLE group_key_shares ADD COLUMN epoch integer NOT NULL DEFAULT 1;
ALTER TABLE group_key_shares ALTER COLUMN epoch DROP DEFAULT;
ALTER TABLE group_key_shares DROP CONSTRAINT group_key_shares_pkey;
ALTER TABLE group_key_shares ADD PRIMARY KEY (epoch, name);

-- Rows and digest of the committed registrations, sealed: a registration that was taken out, put back or replaced is found when the node starts.
CREATE TABLE gallery_heads (
  epoch integer PRIMARY KEY,
  head bytea NOT NULL
);

CREATE TABLE epochs (
  epoch integer PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('preparing', 'signed', 'stopped', 'committed')),
  attempt bytea NOT NULL,
  manifest jsonb NOT NULL,
  certificate jsonb,
  CHECK ((certificate IS NULL) = (state <> 'committed'))
);
