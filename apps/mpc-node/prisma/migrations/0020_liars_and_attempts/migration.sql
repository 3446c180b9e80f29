CREATE TABLE evidence (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session text NOT NULL,
  at timestamptz(3) NOT NULL,
  named integer[] NOT NULL,
  suspects integer[] NOT NULL,
  document jsonb NOT NULL
);

CREATE TABLE attempts (
  id text PRIMARY KEY,
  failures integer NOT NULL CHECK (failures >= 0),
  last_at timestamptz(3) NOT NULL,
  accepted integer NOT NULL CHECK (accepted >= 0),
  accepted_on integer NOT NULL
);
CREATE INDEX attempts_last_at ON attempts (last_at);
