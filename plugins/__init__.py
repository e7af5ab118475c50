"""Built-in plugins; each enters through the entry-point group `immich_flask.plugins`, as a third-party plugin does."""
