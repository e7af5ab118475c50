"""An Immich-compatible photo server: a small Flask core, and a plugin for every feature area."""

__version__ = "0.1.0"

WIRE_VERSION = (3, 1, 0)
"""The Immich release whose clients and wire this server speaks; clients choose their features by it."""
