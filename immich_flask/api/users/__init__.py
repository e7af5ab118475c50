"""The own account, and who else there is (`/api/users`)."""
