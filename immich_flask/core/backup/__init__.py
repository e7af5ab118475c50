"""Backups of the database, made while the server runs, and putting one back.

A backup is one file, `immich-db-backup-20240503T140211-v3.1.0-sqlite.tar.gz`: a tar archive of

    meta.json        what made it, when, and which migrations its tables have (`archive.Meta`)
    database/...     SQLite: the file `immich.db`; PostgreSQL: a file per table, as `COPY` writes it
    objects.jsonl    what the database expects in the storage: {"key", "size", "sha1"} per line

All of it is one state of the database (`making`). It needs no program of PostgreSQL's, of whatever version. `restoring`
replaces the whole content of a database; `objects` copies the storage beside it.
"""
