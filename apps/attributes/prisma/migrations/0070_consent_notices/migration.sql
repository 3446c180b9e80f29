-- A notice follows its document's entry when the nodes hold the document.
ALTER TABLE consent_events ALTER COLUMN entry DROP NOT NULL;
UPDATE consent_events SET notify = notify || '{"kind": "revoked"}' WHERE notify IS NOT NULL;
