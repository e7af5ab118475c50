"""JSON that the database writes says what the row holds."""

from __future__ import annotations

import math
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import fn

from immich_flask.core.models import Asset, AssetExif, AssetMetadata, User
from immich_flask.infra.db import db
from immich_flask.infra.fields import instant as at
from immich_flask.infra.fields import iso
from immich_flask.infra.json_rows import boolean, instant, json_object
from immich_flask.testing import Caller, Server

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES = st.recursive(st.none() | st.booleans() | st.integers(-2**53, 2**53) | st.floats(-1e9, 1e9) | TEXTS,
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(query: object, fields: dict) -> dict:
    (text,), = db.execute(query.select(json_object(fields))).fetchall()
    return orjson.loads(text)


@pytest.fixture
def user(server: Server, user: Caller) -> Iterator[Caller]:
    """Whose impossible values no other test meets."""
    yield user
    with server.context():
        Asset.delete().where(Asset.owner == user.id).execute()
        User.update(name="user").where(User.id == user.id).execute()


@pytest.fixture
def asset_id(user: Caller) -> str:
    return user.asset()


@QUICK
@given(text=TEXTS)
def test_text(server: Server, user: Caller, text: str) -> None:
    with server.context():
        User.update(name=text, storage_label=None).where(User.id == user.id).execute()
        row = read(User.select().where(User.id == user.id), {"name": User.name, "label": User.storage_label})
    assert row == {"name": text, "label": None}


@QUICK
@given(number=st.floats(-1e15, 1e15).filter(lambda number: number == 0 or abs(number) > 1e-15), size=st.integers(0, 2**53))
def test_numbers(server: Server, asset_id: str, number: float, size: int) -> None:
    with server.context():
        AssetExif.update(latitude=number, file_size_in_byte=size).where(AssetExif.asset == asset_id).execute()
        row = read(AssetExif.select().where(AssetExif.asset == asset_id),
                   {"latitude": AssetExif.latitude, "size": AssetExif.file_size_in_byte, "fps": AssetExif.fps})
    assert row == {"latitude": number, "size": size, "fps": None}


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_what_json_cannot_say_is_null(server: Server, asset_id: str, number: float) -> None:
    with server.context():
        AssetExif.update(latitude=number).where(AssetExif.asset == asset_id).execute()
        row = read(AssetExif.select().where(AssetExif.asset == asset_id), {"latitude": AssetExif.latitude})
    assert row == {"latitude": None}


@QUICK
@given(value=st.dictionaries(TEXTS, VALUES, max_size=3))
def test_json_stays_json(server: Server, asset_id: str, value: dict) -> None:
    with server.context():
        AssetMetadata.delete().where(AssetMetadata.asset == asset_id).execute()
        AssetMetadata.create(asset=asset_id, key="k", value=value)
        row = read(AssetMetadata.select().where(AssetMetadata.asset == asset_id), {"value": AssetMetadata.value})
    assert row == {"value": value}


def test_booleans_instants_ids_and_expressions(server: Server, user: Caller) -> None:
    with server.context():
        moment = at("2024-05-03T14:02:11.100Z")
        User.update(profile_changed_at=moment).where(User.id == user.id).execute()
        twin = User.alias()
        row = read(twin.select().where(twin.id == user.id), {
            "id": twin.id, "admin": twin.is_admin, "changed": twin.profile_changed_at, "deleted": twin.deleted_at,
            "named": boolean(twin.name == "user"), "labelled": boolean(twin.storage_label == ""),
            "latest": instant(fn.COALESCE(twin.deleted_at, twin.profile_changed_at)), "length": fn.LENGTH(twin.name),
        })
    assert row == {"id": user.id, "admin": False, "changed": iso(moment), "deleted": None, "named": True,
                   "labelled": None, "latest": "2024-05-03T14:02:11.100Z", "length": 4}


def test_constants(server: Server, user: Caller) -> None:
    constants = {"null": None, "yes": True, "no": False, "number": 1.5, "text": 'a"%s\\%', "list": [1, {"b": None}]}
    with server.context():
        assert read(User.select().where(User.id == user.id), {**constants, "id": User.id}) == {
            **constants, "id": user.id}
