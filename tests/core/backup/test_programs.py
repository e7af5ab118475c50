"""`immich-flask backup`, `restore` and `check`, as an operator uses them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from immich_flask.cli import program
from immich_flask.commands.shared import Place
from immich_flask.core.assets import integrity
from immich_flask.core.backup import kept
from immich_flask.core.models import Asset, User
from immich_flask.infra.config import Config
from immich_flask.testing import Server
from tests.core.programs import environment_of


@pytest.fixture
def run(house: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`run("backup", config=...)`, beside the server of `house` by default; asserts the exit status (0)."""
    monkeypatch.delenv("IMMICH_FLASK_CONFIG", raising=False)

    def invoke(*arguments: object, config: Config = house.runtime.config, status: int = 0,
               input: str | None = None) -> Result:
        result = CliRunner().invoke(program, list(map(str, arguments)), prog_name="immich-flask", input=input,
                                    obj=Place(), env=environment_of(config))
        assert result.exit_code == status, (result.output, result.exception)
        return result

    return invoke


def keys(server: Server) -> set[str]:
    return {info.key for info in server.runtime.storage.list() if not info.key.startswith("backups/")}


def test_away_and_back_with_the_photos(house, run, empty_place, tmp_path):
    """A second backup into the same folder copies what is new."""
    assert "0 were there" in run("backup", tmp_path, "--objects").stdout
    before = keys(house)
    house.admin.asset()
    new = keys(house) - before
    assert f"{len(new)} objects copied" in run("backup", tmp_path, "--objects").stdout
    assert {str(path.relative_to(tmp_path / "objects")) for path in (tmp_path / "objects").rglob("*")
            if path.is_file()} == keys(house)

    place = empty_place()
    said = run("restore", tmp_path, "--objects", config=place, input="y\n").stdout
    assert f"{len(keys(house))} objects copied" in said
    assert "0 without bytes\n0 damaged\n0 belonging to nothing\n" in run("check", "--checksums", config=place).stdout
    # Once more, nothing has to be copied.
    assert "0 objects copied" in run("restore", tmp_path, "--objects", "--yes", config=place).stdout


def test_through_the_storage(house, run, tmp_path):
    name = run("backup").stdout.split()[0]
    assert kept.OWN_NAME.fullmatch(name)
    with house.context():
        stranger = User.create(email="stranger@test.example", name="x")
    assert run("restore", name, input="n\n", status=1).stderr.endswith("immich-flask: nothing was changed\n")
    with house.context():
        assert User.get_or_none(User.id == stranger.id)
    run("restore", name, "--yes")
    with house.context():
        assert User.get_or_none(User.id == stranger.id) is None
    assert "no backup in the storage, that is called nothing.tar.gz" in run(
        "restore", "nothing.tar.gz", "--yes", status=1).stderr
    assert "there is no backup in" in run("restore", tmp_path, "--yes", status=1).stderr
    assert "name a folder for the objects" in run("backup", "--objects", status=2).stderr


def test_a_damaged_photo_does_not_replace_its_good_copy(house, run, tmp_path):
    run("backup", tmp_path, "--objects")
    with house.context():
        key = Asset.get_by_id(house.photo).storage_key
        with house.runtime.storage.open(key) as stream:
            good = stream.read()
    house.runtime.storage.put(key, [b"rust"])
    try:
        said = run("backup", tmp_path, "--objects", status=1).stdout
        assert f"1 damaged, and not copied\n  {key}\n" in said
        assert (tmp_path / "objects" / key).read_bytes() == good
        found = run("check", "--checksums", status=1).stdout
        assert "2 damaged" in found and f"{key} (4 bytes, not {len(good)})" in found
    finally:
        house.runtime.storage.put(key, [good])
    run("check", "--checksums")


def test_check_and_mend(house, run, monkeypatch):
    monkeypatch.setattr(integrity, "YOUNG", timedelta(seconds=-5))
    monkeypatch.setattr(integrity.find_untracked, "__kwdefaults__", {"young": timedelta(seconds=-5)})
    monkeypatch.setattr(integrity.delete_untracked, "__kwdefaults__", {"young": timedelta(seconds=-5)})
    storage, ann = house.runtime.storage, house.admin
    lost, thumbless = ann.asset(), ann.asset()
    with house.context():
        original = Asset.get_by_id(lost).storage_key
    thumbnail = f"thumbnails/{ann.id}/{thumbless}.webp"
    orphan = f"previews/{ann.id}/00000000-0000-4000-8000-000000000000.jpeg"
    storage.put(orphan, [b"x"])
    storage.put("originals/README.txt", [b"not of our making"])
    storage.delete([original, thumbnail])

    said = run("check", status=1).stdout
    assert f"2 without bytes\n  {original}\n  {thumbnail}\n" in said or (
        f"2 without bytes\n  {thumbnail}\n  {original}\n" in said)
    assert f"1 belonging to nothing\n  {orphan}\n" in said
    assert not storage.exists(thumbnail) and storage.exists(orphan)

    assert "deleted 1 objects" in run("check", "--delete-untracked", status=1).stdout
    assert not storage.exists(orphan)
    assert storage.exists("originals/README.txt")
    said = run("check", "--forget-missing").stdout
    assert "forgot 1 files, put 1 assets into the trash" in said
    assert ann.get(f"/assets/{lost}").json["isTrashed"] is True
    assert storage.exists(thumbnail)
    assert ann.delete("/assets", {"ids": [lost], "force": True}).status_code == 204
    storage.delete(["originals/README.txt"])
    run("check")
