"""The example's tests, word for word."""

from test_favorites_digest import *  # noqa: F403
