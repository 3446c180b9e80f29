-- The key that signs tokens next stands beside the one that does until then.
ALTER TABLE group_key_shares ADD COLUMN takes_over_at timestamptz(3);
ALTER TABLE group_key_shares ADD CHECK ((takes_over_at IS NOT NULL) = (name = 'token-next'));
