-- The owner's request, sealed, in place of the shares that were deleted for it.
ALTER TABLE registrations ADD COLUMN erasure bytea;
