ALTER TABLE authentications ADD COLUMN outcome JSONB;
