"""Floor 2: users, sessions, assets, access, settings, jobs and events."""
