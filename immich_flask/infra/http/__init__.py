"""HTTP plumbing shared by the core's routes and every plugin's."""
