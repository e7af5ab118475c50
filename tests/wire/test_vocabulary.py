"""The words of floor 0 are those of the wire."""

from __future__ import annotations

import enum
import inspect

import pytest

from immich_flask.contracts import enums, sync
from immich_flask.contracts.permissions import Permission, grants
from tests.wire.spec import FACTS

# Ours under another name.
NAMES = {"AssetType": "AssetTypeEnum"}

# Known to 3.1.0 only by their effects: the description does not list them.
UNLISTED = {
    "AssetStatus": {"active", "trashed", "deleted"},
    "AssetFileType": {"thumbnail", "preview", "fullsize", "sidecar", "encoded_video"},
}

ENUMS = [each for module in (enums, sync) for _, each in inspect.getmembers(module, inspect.isclass)
         if each.__module__ == module.__name__]


@pytest.mark.parametrize("words", [*ENUMS, Permission], ids=lambda each: each.__name__)
def test_every_enum_has_the_values_of_the_wire(words: type[enum.StrEnum]):
    name = NAMES.get(words.__name__, words.__name__)
    if name in UNLISTED:
        assert {str(word) for word in words} == UNLISTED[name]
    else:
        assert [str(word) for word in words] == FACTS["components"]["schemas"][name]["enum"]


def test_all_grants_everything_and_nothing_else_grants_all():
    assert grants(["all"], Permission.ASSET_READ)
    assert grants(iter([Permission.ALL]), "all")
    assert grants(["asset.read", "tag.read"], Permission.TAG_READ)
    assert not grants(["asset.read"], Permission.ASSET_UPDATE)
    assert not grants(list(set(Permission) - {Permission.ALL}), Permission.ALL)
    assert not grants([], Permission.ASSET_READ)
