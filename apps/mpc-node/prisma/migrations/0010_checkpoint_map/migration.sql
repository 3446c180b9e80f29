-- The map as of the head: a node that restarts goes on verifying from here. All are null where no revision was read.
ALTER TABLE checkpoint_head
  ADD COLUMN map_revision bigint,
  ADD COLUMN map_root bytea,
  ADD COLUMN map_entry bigint,
  ADD COLUMN map_vrf_key bytea,
  ADD CHECK ((map_revision IS NULL) = (map_root IS NULL) AND (map_root IS NULL) = (map_entry IS NULL) AND (map_entry IS NULL) = (map_vrf_key IS NULL));
