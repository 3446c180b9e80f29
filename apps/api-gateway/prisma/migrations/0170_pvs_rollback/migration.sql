-- A version that was rolled back; the highest one that was not is in force.
ALTER TABLE pvs_configurations ADD COLUMN withdrawn_at timestamptz(3);
