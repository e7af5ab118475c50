"""The texts of assets, their index of trigrams, and the triggers that note every change whoever makes it."""

from peewee import AutoField, ForeignKeyField, Model, SqliteDatabase, TextField

from immich_flask.infra.fields import IdField

WATCHED = (("asset", "id", ("original_file_name", "original_path"), None),
           ("asset_exif", "asset_id", ("description",), "NEW.description <> ''"))
"""Table, column of the asset's id, columns with texts, condition for new rows."""

SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5("
    "name, path, description, content='search_text', content_rowid='id', tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER search_index_insert AFTER INSERT ON search_text BEGIN"
    " INSERT INTO search_index (rowid, name, path, description)"
    " VALUES (NEW.id, NEW.name, NEW.path, NEW.description); END",
    "CREATE TRIGGER search_index_delete AFTER DELETE ON search_text BEGIN"
    " INSERT INTO search_index (search_index, rowid, name, path, description)"
    " VALUES ('delete', OLD.id, OLD.name, OLD.path, OLD.description); END",
    "CREATE TRIGGER search_index_update AFTER UPDATE ON search_text BEGIN"
    " INSERT INTO search_index (search_index, rowid, name, path, description)"
    " VALUES ('delete', OLD.id, OLD.name, OLD.path, OLD.description);"
    " INSERT INTO search_index (rowid, name, path, description)"
    " VALUES (NEW.id, NEW.name, NEW.path, NEW.description); END",
)

# Arrays of trigrams under a GIN index: what pg_trgm does, but no extension that somebody must be allowed to install.
POSTGRES_INDEX = """
CREATE FUNCTION search_grams(text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT letters[i] || letters[i + 1] || letters[i + 2]), '{}')
  FROM (SELECT regexp_split_to_array($1, '') AS letters) AS split,
       generate_series(1, array_length(letters, 1) - 2) AS i
$$;
CREATE TABLE search_index (
  id integer PRIMARY KEY REFERENCES search_text ON DELETE CASCADE,
  name text[] NOT NULL, path text[] NOT NULL, description text[] NOT NULL
);
CREATE INDEX search_index_name ON search_index USING gin (name);
CREATE INDEX search_index_path ON search_index USING gin (path);
CREATE INDEX search_index_description ON search_index USING gin (description);
CREATE FUNCTION search_index_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO search_index
  VALUES (NEW.id, search_grams(NEW.name), search_grams(NEW.path), search_grams(NEW.description))
  ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path, description = excluded.description;
  RETURN NULL;
END $$;
CREATE TRIGGER search_index_write AFTER INSERT OR UPDATE ON search_text
  FOR EACH ROW EXECUTE FUNCTION search_index_write();
CREATE FUNCTION search_stale_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO search_stale (asset_id) VALUES ((to_jsonb(NEW) ->> TG_ARGV[0])::uuid);
  RETURN NULL;
END $$;
"""


def up(migrator, db):
    class Asset(Model):
        id = IdField(primary_key=True)

        class Meta:
            database = db
            table_name = "asset"

    class SearchText(Model):
        id = AutoField()
        asset = ForeignKeyField(Asset, unique=True, on_delete="CASCADE")
        name = TextField()
        path = TextField()
        description = TextField()

        class Meta:
            database = db
            table_name = "search_text"

    class SearchStale(Model):
        id = AutoField()
        asset_id = IdField()

        class Meta:
            database = db
            table_name = "search_stale"

    db.create_tables([SearchText, SearchStale])
    if isinstance(db, SqliteDatabase):
        for statement in SQLITE_INDEX:
            db.execute_sql(statement)
    else:
        db.execute_sql(POSTGRES_INDEX)
    for table, asset_id, columns, worth_it in WATCHED:
        _watch(db, table, asset_id, columns, worth_it)
    # What is there already.
    db.execute_sql("INSERT INTO search_stale (asset_id) SELECT id FROM asset")


def _watch(db, table, asset_id, columns, worth_it):
    different = "IS NOT" if isinstance(db, SqliteDatabase) else "IS DISTINCT FROM"
    changed = " OR ".join(f"NEW.{column} {different} OLD.{column}" for column in columns)
    for event, condition in (("INSERT", worth_it), (f"UPDATE OF {', '.join(columns)}", changed)):
        name = f"search_stale_{table}_{event.split()[0].lower()}"
        when = f"WHEN ({condition})" if condition else ""
        if isinstance(db, SqliteDatabase):
            db.execute_sql(f"CREATE TRIGGER {name} AFTER {event} ON {table} {when} BEGIN"
                           f" INSERT INTO search_stale (asset_id) VALUES (NEW.{asset_id}); END")
        else:
            db.execute_sql(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when}"
                           f" EXECUTE FUNCTION search_stale_note('{asset_id}')")
