"""The commands of the `immich-flask` program. Each imports what it needs when it is called: `--help` is quick."""

COMMANDS = ("serve", "worker", "migrate", "backup", "restore", "check", "admin", "plugins", "config")
"""The names that are taken, in the order of the help."""
