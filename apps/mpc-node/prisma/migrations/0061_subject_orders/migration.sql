-- Newest orders to suspend somebody or to resume, one for each account and orderer; names are hashed, documents sealed.
CREATE TABLE subject_orders (
  id     text PRIMARY KEY,
  sealed bytea NOT NULL
);
