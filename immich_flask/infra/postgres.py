"""PostgreSQL through psycopg 3."""

from __future__ import annotations

import select
from typing import Any

from peewee import PostgresqlDatabase
from playhouse.pool import PooledPostgresqlDatabase
from psycopg.pq import TransactionStatus

from immich_flask.infra.config import Config
from immich_flask.infra.pgtypes import register


def open_postgres(url: str, config: Config) -> Postgres:
    """The database that `url` names. Nothing is opened yet."""
    return Postgres(
        # Peewee's psycopg 3 adapter recognises only this spelling of the scheme.
        url.replace("postgres://", "postgresql://", 1),
        max_connections=config.database.pool_size,
        timeout=10,
        stale_timeout=600,
        autoconnect=False,
        prefer_psycopg3=True,
        # A transaction that was forgotten holds up the clean-up of old rows, and what clients may acknowledge.
        options="-c timezone=UTC -c datestyle=ISO -c idle_in_transaction_session_timeout=600000",
        connect_timeout=5,
        # A machine that vanished without a word is noticed within a minute, by whoever waits for its answer, too.
        keepalives_idle=30, keepalives_interval=10, keepalives_count=3, tcp_user_timeout=60_000,
    )


class Postgres(PooledPostgresqlDatabase):
    field_types = {**PooledPostgresqlDatabase.field_types, "INSTANT": "TIMESTAMPTZ(3)", "DAY": "DATE"}

    def _is_closed(self, conn: Any) -> bool:
        # The pool asks before it gives out a connection. A round trip would tell no more: a server that has gone, or
        # was restarted, has said goodbye, and whoever waits unasked for to be read is not idle.
        if conn.closed:
            return True
        if conn.info.transaction_status == TransactionStatus.IDLE and not _has_news(conn.fileno()):
            return False
        conn.close()
        return True

    def open_apart(self) -> Any:
        """A connection that the pool does not know of, so that it is not counted among those that it may have."""
        return PostgresqlDatabase._connect(self)

    def _connect(self) -> Any:
        connection = super()._connect()
        register(connection)
        return connection


def _has_news(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
