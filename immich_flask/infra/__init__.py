"""Floor 1: configuration, database, storage, queue and HTTP plumbing. Knows nothing of users or assets."""
