"""Fixtures for tests of the server and of plugins: `pytest_plugins = ["immich_flask.testing.fixtures"]`.

The same tests run on both backends: SQLite with a folder (`pytest`), PostgreSQL with S3 (`pytest --backend postgres`).
"""

from immich_flask.testing.callers import Caller, Server, photo

__all__ = ["Caller", "Server", "photo"]
