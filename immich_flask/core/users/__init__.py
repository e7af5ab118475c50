"""Accounts: who there is, what they chose, what they may use, and how they go."""

from immich_flask.core.users.accounts import create_user, set_password
from immich_flask.core.users.answers import user_admin_response, user_admin_responses, user_response

__all__ = ["create_user", "set_password", "user_admin_response", "user_admin_responses", "user_response"]
