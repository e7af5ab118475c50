"""How PostgreSQL's values arrive in Python: ids, instants and days as the wire's text (see `infra.fields`)."""

from __future__ import annotations

from typing import Any

from psycopg.adapt import Loader


class _Uuid(Loader):
    def load(self, data: Any) -> str:
        return bytes(data).decode()


class _Day(_Uuid):
    pass


class _Instant(Loader):
    def load(self, data: Any) -> str:
        # "2024-05-03 14:02:11.1+00", trailing zeros cut; the connection's time zone is UTC
        text = bytes(data).decode()[:-3]
        fraction = text[20:23].ljust(3, "0")
        return f"{text[:10]}T{text[11:19]}.{fraction}Z"


def register(connection: Any) -> None:
    connection.adapters.register_loader("uuid", _Uuid)
    connection.adapters.register_loader("date", _Day)
    connection.adapters.register_loader("timestamptz", _Instant)
