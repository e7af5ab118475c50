pytest_plugins = ["immich_flask.testing.fixtures"]
