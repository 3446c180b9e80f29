CREATE INDEX registration_links_creator_idx ON registration_links (creator_role, creator_id, created_at DESC, id DESC);
