"""The commands of the `immich-flask` program. Each imports what it needs when it is called: `--help` is quick."""
