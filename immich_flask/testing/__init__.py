"""Fixtures for tests of the server and of plugins: `pytest_plugins = ["immich_flask.testing.fixtures"]`.

The same tests run on both backends: SQLite with a folder (`pytest`, needs `immich-flask[testing]`), PostgreSQL with S3
(`pytest --backend postgres`, needs `immich-flask[testing-postgres]`). How to use it: docs/plugins.md.
"""

from immich_flask.testing.callers import Caller, Server, photo

__all__ = ["Caller", "Server", "photo"]
