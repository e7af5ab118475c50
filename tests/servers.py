"""Moved: the servers for tests are in `immich_flask/testing/servers.py` (extend them there)."""

from immich_flask.testing.servers import *
